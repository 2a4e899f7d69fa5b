-- How many open tasks have the priority that a bucket stands for.
--
-- $1 project   $2 value
select count(*) as "open_tasks!"
from tasks
where project_id = $1
  and priority   = $2
  and closed_at is null
  and deleted_at is null
