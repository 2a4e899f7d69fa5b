-- Gives the person whom the operator made under this login to whoever has it at GitHub, unless that
-- one is known here already. The lock of lock_people.sql is held.
--
-- $1 id at GitHub   $2 login
update users u
set github_id = $1
where lower(u.login) = lower($2)
  and u.github_id is null
  and not u.is_local
  and not exists (select from users o where o.github_id = $1)
