-- Whether a session has not ended.
--
-- $1 session   $2 the last moment of use before which it has ended
-- $3 the moment of sign-in before which it has ended
select exists (
    select
    from sessions s
    where s.id           = $1
      and s.last_seen_at > $2
      and s.created_at   > $3
) as "is_live!"
