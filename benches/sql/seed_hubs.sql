-- New tasks of the lowest priority, each with new ones that wait for it; answers the former.
--
-- Claimers are busy with better ones, so that nobody takes a hub before it is closed.
--
-- $1 project   $2 how many   $3 how many wait for each
with drawn as (
    update task_counters c
    set last_number = c.last_number + $2::int * (1 + $3::int)
    where c.project_id = $1
    returning c.last_number - $2::int * (1 + $3::int) as last_number
),
hub as (
    select h, gen_random_uuid() as id, d.last_number + 1 + (h - 1) * (1 + $3::int) as number
    from drawn d
    cross join generate_series(1, $2::int) h
),
leaf as (
    select hub.id as hub, gen_random_uuid() as id, hub.number + l as number
    from hub
    cross join generate_series(1, $3::int) l
),
task as (
    insert into tasks (project_id, id, number, cycle_id, title, priority, open_prerequisites, linked)
    select $1, n.id, n.number, c.id, 'Task ' || n.number, 0, n.open, $3::int > 0
    from (select id, number, 0 as open from hub union all select id, number, 1 from leaf) n
    cross join (select id from cycles where project_id = $1 and closed_at is null) c
),
text as (
    insert into task_texts (project_id, task_id)
    select $1, id from (select id from hub union all select id from leaf) n
),
edge as (
    insert into task_dependencies (project_id, task_id, depends_on_id)
    select $1, id, hub from leaf
)
select id as "id!: TaskId" from hub order by number
