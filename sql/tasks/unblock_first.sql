-- The open tasks that are the only thing before others: closing one makes those ready.
--
-- Looks at the best $2 open tasks and no more, as why.sql does.
--
-- $1 project   $2 at most so many open tasks   $3 at most so many answers
select project.key || '-' || p.number as "key!",
       p.title                        as "title!",
       count(*)                       as "frees!"
from (
    select t.id, t.type, t.state, t.open_prerequisites, t.open_children
    from tasks t
    where t.project_id = $1
      and t.closed_at is null
      and t.deleted_at is null
    order by t.priority desc, t.number
    limit $2
) waiting
join projects project on project.id = $1
join task_dependencies d on d.project_id = $1 and d.task_id = waiting.id
join tasks p on p.project_id = $1 and p.id = d.depends_on_id
where waiting.state = 'todo'
  and waiting.open_prerequisites = 1
  and (waiting.type <> 'feature' or waiting.open_children = 0)
  and p.closed_at is null
  and p.deleted_at is null
group by project.key, p.number, p.title
order by count(*) desc, p.number
limit $3
