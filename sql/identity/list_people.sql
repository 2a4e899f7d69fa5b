-- Instance-wide: people whose login or name has these letters, with the slugs of the projects they
-- work in, in the order of the logins.
--
-- $1 letters; all people when empty   $2 how many   $3 how many to step over
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
where strpos(lower(u.login), lower($1)) > 0
   or strpos(lower(u.display_name), lower($1)) > 0
order by lower(u.login)
limit $2
offset $3
