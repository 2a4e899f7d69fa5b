-- Takes a login from whoever has it no longer at GitHub, and gives a stand-in: what fits of the
-- login, and the end of the person's id. The lock of lock_people.sql is held.
--
-- $1 id at GitHub of the person who has the login now   $2 login
update users u
set login = left(u.login, 30) || '-' || right(u.id::text, 8)
where lower(u.login) = lower($2)
  and u.github_id is distinct from $1
returning u.login
