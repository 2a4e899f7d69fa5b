-- The tasks' descriptions, all alike.
--
-- $1 project   $2 description
insert into task_texts (project_id, task_id, description)
select $1, t.id, case when t.state = 'done' then '' else $2 end
from tasks t
where t.project_id = $1
