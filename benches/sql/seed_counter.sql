-- The next task's number follows the last one of the seed.
--
-- $1 project
update task_counters c
set last_number = (select coalesce(max(t.number), 0) from tasks t where t.project_id = $1)
where c.project_id = $1
