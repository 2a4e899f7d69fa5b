-- Makes a person an administrator.
--
-- $1 person
update users
set is_admin = true
where id = $1
