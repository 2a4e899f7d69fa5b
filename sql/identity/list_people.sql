-- Instance-wide: everybody with the slugs of the projects they work in, in the order of the logins.
select u.id as "id: _",
       u.login,
       u.display_name,
       u.avatar_url,
       u.is_admin,
       u.created_at,
       u.last_seen_at,
       array(
           select p.slug
           from members m
           join projects p on p.id = m.project_id
           where m.user_id = u.id
           order by p.slug
       )    as "projects!"
from users u
order by lower(u.login)
