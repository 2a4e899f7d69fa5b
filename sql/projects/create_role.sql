-- Adds a role at the end of the list.
--
-- $1 project   $2 id   $3 key   $4 label   $5 colour
insert into roles (project_id, id, key, label, color, position)
select $1, $2, $3, $4, $5, coalesce(max(r.position), 0) + 1
from roles r
where r.project_id = $1
returning position
