-- The buckets of a project, highest first.
--
-- $1 project
select key,
       value,
       is_default
from buckets
where project_id = $1
order by value desc
