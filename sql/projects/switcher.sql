-- Instance-wide: the projects that a person may go to, in the order of their names; archived ones
-- are left out, but for the one the person is in.
--
-- $1 person   $2 whether the person is an administrator   $3 slug of the project the person is in
select p.slug,
       p.key,
       p.name
from projects p
where ($2 or exists (select from members m where m.project_id = p.id and m.user_id = $1))
  and (p.archived_at is null or p.slug = $3)
order by lower(p.name), p.slug
limit 200
