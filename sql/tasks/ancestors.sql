-- The feature that a task is part of, that one's feature and so on, nearest first.
--
-- $1 project   $2 task
with recursive above as (
    select t.parent_id as id, 1 as distance
    from tasks t
    where t.project_id = $1
      and t.id = $2
    union all
    select t.parent_id, above.distance + 1
    from above
    join tasks t on t.project_id = $1 and t.id = above.id
)
select t.id       as "id!: TaskId",
       t.state    as "state!: TaskState",
       t.cycle_id as "cycle_id!: CycleId"
from above
join tasks t on t.project_id = $1 and t.id = above.id
order by above.distance
