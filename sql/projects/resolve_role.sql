-- A role by id or key.
--
-- $1 project   $2 id or null   $3 key
select id
from roles
where project_id = $1
  and (id = $2 or key = lower($3))
