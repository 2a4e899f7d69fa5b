-- The administrator who was known first.
select id as "id: _", login, display_name, avatar_url, is_admin, created_at, last_seen_at
from users
where is_admin
order by created_at, id
limit 1
