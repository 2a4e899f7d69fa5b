-- The open cycle, and what the project calls its cycles.
--
-- $1 project
select c.id,
       c.name,
       c.position,
       p.cycle_label
from cycles c
join projects p on p.id = c.project_id
where c.project_id = $1
  and c.closed_at is null
