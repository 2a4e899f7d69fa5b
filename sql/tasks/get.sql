-- One task, whole.
--
-- $1 project   $2 task
select whole as "task!: TaskRow"
from whole_task($1, $2) whole
