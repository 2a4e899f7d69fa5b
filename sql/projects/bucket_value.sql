-- The priority that a bucket stands for.
--
-- $1 project   $2 key
select value
from buckets
where project_id = $1
  and key        = $2
