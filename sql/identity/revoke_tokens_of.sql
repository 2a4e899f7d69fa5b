-- Ends every token that a person has in a project.
--
-- $1 project   $2 person
update tokens
set revoked_at = now()
where project_id = $1
  and user_id    = $2
  and revoked_at is null
returning id
