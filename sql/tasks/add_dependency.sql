-- Makes a task wait for another one; an edge that is there already is left alone.
--
-- $1 project   $2 task   $3 prerequisite
insert into task_dependencies (project_id, task_id, depends_on_id)
values ($1, $2, $3)
on conflict do nothing
