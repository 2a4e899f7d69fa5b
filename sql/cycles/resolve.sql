-- A cycle by id or name. Should a name look like an id, the id is meant.
--
-- $1 project   $2 id or null   $3 name
select id
from cycles
where project_id = $1
  and (id = $2 or name = $3)
order by id = $2 desc nulls last
limit 1
