-- Locks the project's row and reads what the rules look at: one change of its settings, owner,
-- members, roles or buckets at a time.
--
-- Not `for update`: whoever is writing a row of the project holds a key-share lock, and need not be
-- waited for.
--
-- $1 project
select owner_id                as "owner_id: UserId",
       version,
       archived_at is not null as "is_archived!"
from projects
where id = $1
for no key update
