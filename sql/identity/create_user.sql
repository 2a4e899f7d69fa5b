-- Makes a person known, as administrator when nobody was there before; answers nothing when the
-- login is taken. The lock of lock_people.sql is held, so the look at the table is the last word.
--
-- $1 id   $2 login   $3 display name   $4 whether it is a local person
insert into users (id, login, display_name, is_admin, is_local)
values ($1, $2, $3, not exists (select from users), $4)
on conflict (lower(login)) do nothing
returning id as "id: _", login, display_name, avatar_url, is_admin, created_at, last_seen_at
