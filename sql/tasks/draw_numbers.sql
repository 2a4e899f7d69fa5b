-- Draws numbers for new tasks; answers the last one. Others who create here wait for the commit.
--
-- $1 project   $2 how many
update task_counters c
set last_number = c.last_number + $2
where c.project_id = $1
returning c.last_number
