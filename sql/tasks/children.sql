-- A feature's children.
--
-- $1 project   $2 feature   $3 only open ones
select t.id as "id: TaskId"
from tasks t
where t.project_id = $1
  and t.parent_id = $2
  and t.deleted_at is null
  and (not $3 or t.state in ('todo', 'doing'))
order by t.number
