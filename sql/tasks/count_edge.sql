-- Counts an edge to an open prerequisite that was added or removed, and notes the change.
--
-- $1 project   $2 task   $3 by how much the open prerequisites change
update tasks t
set open_prerequisites = t.open_prerequisites + $3,
    version            = t.version + 1,
    updated_at         = now()
where t.project_id = $1
  and t.id = $2
