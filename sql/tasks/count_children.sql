-- Tells the features of tasks that those were closed or opened again.
--
-- $1 project   $2 tasks   $3 -1 when they were closed, +1 when they were opened
update tasks t
set open_children = t.open_children + $3 * children.n
from (
    select c.parent_id, count(*)::int as n
    from tasks c
    where c.project_id = $1
      and c.id = any ($2)
      and c.parent_id is not null
      and c.deleted_at is null
    group by c.parent_id
) children
where t.project_id = $1
  and t.id = children.parent_id
returning t.id                 as "id: TaskId",
          t.ready              as "ready!",
          t.state              as "state: TaskState",
          t.type               as "kind: TaskType",
          t.open_prerequisites,
          t.open_children
