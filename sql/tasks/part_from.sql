-- Counts an open child that a feature loses.
--
-- $1 project   $2 feature
update tasks t
set open_children = t.open_children - 1
where t.project_id = $1
  and t.id = $2
