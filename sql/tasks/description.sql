-- A task's description.
--
-- $1 project   $2 task
select x.description
from task_texts x
where x.project_id = $1
  and x.task_id = $2
