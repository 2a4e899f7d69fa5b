-- The open cycle's id.
--
-- $1 project
select id
from cycles
where project_id = $1
  and closed_at is null
