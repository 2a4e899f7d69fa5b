-- Moves a task with everything below it into a cycle.
--
-- $1 project   $2 task at the top   $3 cycle
with recursive below as (
    select t.id
    from tasks t
    where t.project_id = $1
      and t.id = $2
    union all
    select t.id
    from below
    join tasks t on t.project_id = $1 and t.parent_id = below.id
)
update tasks t
set cycle_id = $3
from below
where t.project_id = $1
  and t.id = below.id
  and t.cycle_id <> $3
