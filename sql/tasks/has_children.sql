-- Whether a task has children, closed ones included.
--
-- $1 project   $2 task
select exists (
    select
    from tasks t
    where t.project_id = $1
      and t.parent_id = $2
      and t.deleted_at is null
) as "has_children!"
