-- Lets every blocked task of the seed wait for the first one of its hundred.
--
-- $1 project
insert into task_dependencies (project_id, task_id, depends_on_id)
select $1, t.id, hub.id
from (select id, number, first_value(number) over (order by number) as first
      from tasks where project_id = $1 and state = 'todo') t
join tasks me on me.project_id = $1 and me.id = t.id and me.open_prerequisites = 1
join tasks hub on hub.project_id = $1 and hub.number = t.first + (t.number - t.first) / 100 * 100
