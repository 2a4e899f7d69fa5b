-- Every ready task, in the order in which they are handed out.
--
-- $1 project
select t.id as "id: TaskId"
from tasks t
where t.project_id = $1
  and t.ready
order by t.priority desc, t.number
