-- Waits for whoever is at a task that a person holds, and keeps others out: giving those tasks back
-- steps over none of them then.
--
-- $1 project   $2 person
select id
from tasks
where project_id     = $1
  and holder_user_id = $2
  and claim_id is not null
order by id
for no key update
