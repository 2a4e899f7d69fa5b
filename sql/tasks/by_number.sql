-- The task with a number.
--
-- $1 project   $2 number
select t.id as "id: TaskId"
from tasks t
where t.project_id = $1
  and t.number = $2
  and t.deleted_at is null
