-- Removes a role: from members and tokens by their foreign keys.
--
-- $1 project   $2 role
delete from roles
where project_id = $1
  and id         = $2
