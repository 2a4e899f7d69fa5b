-- Replaces a task's description.
--
-- $1 project   $2 task   $3 description
update task_texts x
set description = $3
where x.project_id = $1
  and x.task_id = $2
