-- A person by login, whatever its letters' case.
--
-- $1 login
select id as "id: _", login, display_name, avatar_url, is_admin, created_at, last_seen_at
from users
where lower(login) = lower($1)
