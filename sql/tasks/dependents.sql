-- What waits for a task.
--
-- $1 project   $2 task
select d.task_id as "id: TaskId"
from task_dependencies d
join tasks t on t.project_id = $1 and t.id = d.task_id
where d.project_id = $1
  and d.depends_on_id = $2
  and t.deleted_at is null
order by t.number
