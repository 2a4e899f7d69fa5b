-- Sees that a person is a member, and keeps it so until the transaction ends: a removal waits, and
-- then finds the token that is being issued and revokes it.
--
-- $1 project   $2 person
select user_id
from members
where project_id = $1
  and user_id    = $2
for key share
