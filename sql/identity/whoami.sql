-- A person, and the token through which an agent acts for it.
--
-- $1 project   $2 person   $3 token or null
select u.login,
       u.display_name,
       u.is_admin,
       t.name as "token_name?"
from users u
left join tokens t on t.project_id = $1 and t.id = $3
where u.id = $2
