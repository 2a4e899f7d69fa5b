-- Whether a feature, or one above it, waits for a task or something below that: it must not become its child.
--
-- $1 project   $2 feature   $3 task
with recursive above as (
    select $2::uuid as id
    union
    select t.parent_id
    from above
    join tasks t on t.project_id = $1 and t.id = above.id and t.parent_id is not null
),
below as (
    select $3::uuid as id
    union
    select t.id
    from below
    join tasks t on t.project_id = $1 and t.parent_id = below.id
)
select exists (
    select
    from task_dependencies d
    where d.project_id = $1
      and d.task_id in (select id from above)
      and d.depends_on_id in (select id from below)
) as "waits!"
