-- Marks tasks as linked, for ever: from now on closing them takes the project's lock.
--
-- $1 project   $2 tasks
update tasks t
set linked = true
where t.project_id = $1
  and t.id = any ($2)
  and not t.linked
