-- Whether a token has neither been revoked nor expired.
--
-- $1 project   $2 token
select exists (
    select from tokens
    where project_id = $1
      and id         = $2
      and revoked_at is null
      and (expires_at is null or expires_at > now())
) as "is_live!"
