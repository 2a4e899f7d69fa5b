-- Makes a person of GitHub known, as administrator when nobody was there before, or brings what is
-- known of it up to date. The lock of lock_people.sql is held.
--
-- $1 fresh id   $2 id at GitHub   $3 login   $4 display name   $5 avatar or null   $6 this moment
insert into users (id, github_id, login, display_name, avatar_url, is_admin, last_seen_at)
values ($1, $2, $3, $4, $5, not exists (select from users), $6)
on conflict (github_id) do update
set login        = excluded.login,
    display_name = excluded.display_name,
    avatar_url   = excluded.avatar_url,
    last_seen_at = excluded.last_seen_at
returning id as "id: _", login, display_name, avatar_url, is_admin, created_at, last_seen_at
