-- The priority of a task for which nobody chose one.
--
-- $1 project
select value
from buckets
where project_id = $1
  and is_default
