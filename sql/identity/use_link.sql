-- Uses a link up, and answers whom it signs in; nothing when it was used before, or has expired.
--
-- Of two at once the second waits for the row, and then finds it used.
--
-- $1 hash of the secret   $2 this moment
with used as (
    update sign_in_links l
    set used_at = $2
    where l.key_hash   = $1
      and l.used_at is null
      and l.expires_at > $2
    returning l.user_id
)
update users u
set last_seen_at = $2
from used
where u.id = used.user_id
returning u.id as "id: _", u.login, u.display_name, u.avatar_url, u.is_admin, u.created_at, u.last_seen_at
