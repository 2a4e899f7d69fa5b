-- Whom a link signs in that can still be used.
--
-- $1 hash of the secret   $2 this moment
select u.id as "id: _", u.login, u.display_name, u.avatar_url, u.is_admin, u.created_at, u.last_seen_at
from sign_in_links l
join users u on u.id = l.user_id
where l.key_hash   = $1
  and l.used_at is null
  and l.expires_at > $2
