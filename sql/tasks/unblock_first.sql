-- The open tasks that are the only thing before others: closing one makes those ready.
--
-- Looks at no more than $2 blocked tasks.
--
-- $1 project   $2 at most so many blocked tasks   $3 at most so many answers
select c.key       as "key!",
       c.title     as "title!",
       count(*)    as "frees!"
from (
    select t.id
    from tasks t
    where t.project_id = $1
      and t.state = 'todo'
      and t.open_prerequisites = 1
      and (t.type <> 'feature' or t.open_children = 0)
      and t.deleted_at is null
    limit $2
) waiting
join task_dependencies d on d.project_id = $1 and d.task_id = waiting.id
join task_cards c on c.project_id = $1 and c.id = d.depends_on_id and c.state in ('todo', 'doing')
group by c.key, c.title, c.number
order by count(*) desc, c.number
limit $3
