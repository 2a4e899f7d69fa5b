-- The cycle that new and reopened tasks belong to.
--
-- $1 project
select c.id as "id: CycleId"
from cycles c
where c.project_id = $1
  and c.closed_at is null
