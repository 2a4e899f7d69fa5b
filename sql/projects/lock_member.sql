-- Locks a member who is to go: nobody can issue it a token or assign it a task any more.
--
-- $1 project   $2 person
select user_id
from members
where project_id = $1
  and user_id    = $2
for update
