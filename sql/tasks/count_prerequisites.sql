-- Tells the dependants of tasks that those were closed or opened again.
--
-- Answers the dependants that nothing open is before any more.
--
-- $1 project   $2 tasks   $3 -1 when they were closed, +1 when they were opened
update tasks t
set open_prerequisites = t.open_prerequisites + $3 * edges.n
from (
    select d.task_id, count(*)::int as n
    from task_dependencies d
    where d.project_id = $1
      and d.depends_on_id = any ($2)
    group by d.task_id
) edges
where t.project_id = $1
  and t.id = edges.task_id
returning t.id                 as "id: TaskId",
          t.ready              as "ready!",
          t.state              as "state: TaskState",
          t.type               as "kind: TaskType",
          t.open_prerequisites,
          t.open_children
