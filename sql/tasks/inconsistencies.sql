-- What the rules make impossible, or only a reopened task can bring about.
--
-- What is shown beside a task is looked up for the answers only.
--
-- $1 project   $2 at most so many
with found as materialized (
    select t.id, t.number, t.cycle_id, 'closed_with_open_prerequisite' as reason
    from tasks t
    where t.project_id = $1
      and t.state = 'done'
      and t.open_prerequisites > 0
      and t.deleted_at is null
    union all
    select t.id, t.number, t.cycle_id, 'feature_closed_with_open_children'
    from tasks t
    where t.project_id = $1
      and t.closed_at is not null
      and t.open_children > 0
      and t.deleted_at is null
    union all
    select t.id, t.number, t.cycle_id, 'open_in_closed_cycle'
    from tasks t
    join cycles cy on cy.project_id = $1 and cy.id = t.cycle_id
    where t.project_id = $1
      and t.closed_at is null
      and t.deleted_at is null
      and cy.closed_at is not null
    union all
    select t.id, t.number, t.cycle_id, 'doing_without_holder'
    from tasks t
    where t.project_id = $1
      and t.state = 'doing'
      and t.holder_user_id is null
      and t.deleted_at is null
    order by number, reason
    limit $2
)
select f.id                           as "task_id!: TaskId",
       project.key || '-' || f.number as "key!",
       f.reason                       as "reason!: Reason",
       case f.reason
           when 'closed_with_open_prerequisite' then array(
               select project.key || '-' || p.number
               from task_dependencies d
               join tasks p on p.project_id = $1 and p.id = d.depends_on_id
               where d.project_id = $1
                 and d.task_id    = f.id
                 and p.closed_at is null
                 and p.deleted_at is null
               order by p.number
           )
           when 'feature_closed_with_open_children' then array(
               select project.key || '-' || p.number
               from tasks p
               where p.project_id = $1
                 and p.parent_id  = f.id
                 and p.closed_at is null
                 and p.deleted_at is null
               order by p.number
           )
           when 'open_in_closed_cycle' then array(
               select cy.name
               from cycles cy
               where cy.project_id = $1
                 and cy.id         = f.cycle_id
           )
           else array[]::text[]
       end                            as "others!"
from found f
join projects project on project.id = $1
order by f.number, f.reason
