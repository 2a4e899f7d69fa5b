-- The members of a project with the keys of their roles, in the order of their logins.
--
-- $1 project
select u.id                   as "user_id: _",
       u.login                as github_login,
       u.display_name,
       array(
           select r.key
           from member_roles mr
           join roles r on r.project_id = mr.project_id and r.id = mr.role_id
           where mr.project_id = $1
             and mr.user_id    = m.user_id
           order by r.position
       )                      as "roles!",
       p.owner_id = m.user_id as "is_owner!"
from members m
join projects p on p.id = m.project_id
join users u on u.id = m.user_id
where m.project_id = $1
order by lower(u.login)
