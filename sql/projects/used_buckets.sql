-- The buckets of a project, highest first, each with the open tasks that have its priority.
--
-- $1 project
select b.key,
       b.value,
       b.is_default,
       coalesce(o.tasks, 0) as "open_tasks!"
from buckets b
left join (
    select priority,
           count(*) as tasks
    from tasks
    where project_id = $1
      and closed_at is null
      and deleted_at is null
    group by priority
) o on o.priority = b.value
where b.project_id = $1
order by b.value desc
