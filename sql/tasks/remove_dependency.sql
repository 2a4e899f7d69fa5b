-- Ends the waiting of a task for another one.
--
-- $1 project   $2 task   $3 prerequisite
delete from task_dependencies d
where d.project_id = $1
  and d.task_id = $2
  and d.depends_on_id = $3
