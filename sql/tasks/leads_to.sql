-- Whether one task waits for another, directly or through others; a feature waits for its children.
--
-- $1 project   $2 the one that waits   $3 the one waited for
with recursive before as (
    select $2::uuid as id
    union
    select step.id
    from before
    cross join lateral (
        select d.depends_on_id as id
        from task_dependencies d
        where d.project_id = $1
          and d.task_id = before.id
        union all
        select c.id
        from tasks c
        where c.project_id = $1
          and c.parent_id = before.id
    ) step
)
select exists (select from before where id = $3) as "leads!"
