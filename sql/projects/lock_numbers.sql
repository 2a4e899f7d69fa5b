-- Keeps new tasks from getting a number until the transaction ends; answers the last one given.
--
-- $1 project
select last_number
from task_counters
where project_id = $1
for update
