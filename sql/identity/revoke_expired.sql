-- Revokes an expired token, so that its name is free again.
--
-- $1 project   $2 name   $3 this moment
update tokens
set revoked_at = $3
where project_id  = $1
  and lower(name) = lower($2)
  and revoked_at is null
  and expires_at <= $3
returning id
