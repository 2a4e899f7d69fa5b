-- The live session with this hash, and its person.
--
-- The hash comes back to be compared once more, in constant time.
--
-- $1 hash   $2 the last moment of use before which it has ended
-- $3 the moment of sign-in before which it has ended
select s.id,
       s.key_hash,
       s.last_seen_at  as session_seen_at,
       u.id            as user_id,
       u.login,
       u.display_name,
       u.avatar_url,
       u.is_admin,
       u.created_at,
       u.last_seen_at,
       u.theme         as "theme: Theme",
       u.density       as "density: Density",
       u.single_keys
from sessions s
join users u on u.id = s.user_id
where s.key_hash     = $1
  and s.last_seen_at > $2
  and s.created_at   > $3
