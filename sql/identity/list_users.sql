-- Everybody, in the order of their logins.
select id as "id: _", login, display_name, avatar_url, is_admin, created_at, last_seen_at
from users
order by lower(login)
