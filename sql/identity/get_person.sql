-- Instance-wide: one person with the slugs of the projects it works in.
--
-- $1 person
select u.id as "id: _",
       u.login,
       u.display_name,
       u.avatar_url,
       u.is_admin,
       u.is_admin and not exists (
           select from users o where o.is_admin and o.id <> u.id
       )    as "is_only_admin!",
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
where u.id = $1
