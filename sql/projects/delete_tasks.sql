-- Deletes every task of a project, with what hangs on tasks.
--
-- $1 project
delete from tasks
where project_id = $1
