-- Locks a role that is to go: nobody can ask for it, hold it or default to it any more.
--
-- $1 project   $2 role
select key
from roles
where project_id = $1
  and id         = $2
for update
