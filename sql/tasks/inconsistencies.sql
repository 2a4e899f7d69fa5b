-- What the rules make impossible, or only a reopened task can bring about.
--
-- $1 project   $2 at most so many
select found.task_id as "task_id!: TaskId",
       c.key         as "key!",
       found.reason  as "reason!: Reason",
       found.others  as "others!"
from (
    select t.id as task_id, 'closed_with_open_prerequisite' as reason, array_agg(b.key order by p.number) as others
    from tasks t
    join task_dependencies d on d.project_id = $1 and d.task_id = t.id
    join tasks p on p.project_id = $1 and p.id = d.depends_on_id
    join task_cards b on b.project_id = $1 and b.id = p.id
    where t.project_id = $1
      and t.state = 'done'
      and t.open_prerequisites > 0
      and p.state in ('todo', 'doing')
    group by t.id
    union all
    select t.id, 'feature_closed_with_open_children', array_agg(b.key order by c.number)
    from tasks t
    join tasks c on c.project_id = $1 and c.parent_id = t.id
    join task_cards b on b.project_id = $1 and b.id = c.id
    where t.project_id = $1
      and t.state in ('done', 'wont_do')
      and t.open_children > 0
      and c.state in ('todo', 'doing')
    group by t.id
    union all
    select t.id, 'open_in_closed_cycle', array[cy.name]
    from tasks t
    join cycles cy on cy.project_id = $1 and cy.id = t.cycle_id
    where t.project_id = $1
      and t.state in ('todo', 'doing')
      and cy.closed_at is not null
    union all
    select t.id, 'doing_without_holder', array[]::text[]
    from tasks t
    where t.project_id = $1
      and t.state = 'doing'
      and t.holder_user_id is null
) found
join task_cards c on c.project_id = $1 and c.id = found.task_id
order by c.number, found.reason
limit $2
