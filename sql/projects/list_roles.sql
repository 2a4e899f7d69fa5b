-- The roles of a project, in their order.
--
-- $1 project
select id as "id: _",
       key,
       label,
       color as "color: _",
       position
from roles
where project_id = $1
order by position, key
