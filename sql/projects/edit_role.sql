-- Writes a role's label and colour.
--
-- $1 project   $2 role   $3 label   $4 colour
update roles
set label = $3,
    color = $4
where project_id = $1
  and id         = $2
