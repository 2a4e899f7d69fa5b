-- Ends a token; answers nothing when it has ended before.
--
-- $1 project   $2 token
update tokens
set revoked_at = now()
where project_id = $1
  and id         = $2
  and revoked_at is null
returning id
