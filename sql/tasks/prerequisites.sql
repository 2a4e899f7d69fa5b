-- What a task waits for.
--
-- $1 project   $2 task   $3 only open ones
select d.depends_on_id as "id: TaskId"
from task_dependencies d
join tasks p on p.project_id = $1 and p.id = d.depends_on_id
where d.project_id = $1
  and d.task_id = $2
  and p.deleted_at is null
  and (not $3 or p.state in ('todo', 'doing'))
order by p.number
