-- A person by login, whatever its letters' case.
--
-- $1 login
select id
from users
where lower(login) = lower($1)
