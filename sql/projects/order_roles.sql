-- Puts the roles of a project in this order; the caller has seen that it names each of them once.
--
-- $1 project   $2 roles
update roles r
set position = o.position
from unnest($2::uuid[]) with ordinality as o (id, position)
where r.project_id = $1
  and r.id         = o.id
