-- Instance-wide: every project, in the order of the slugs.
select p.id    as "id: _",
       p.slug,
       p.key,
       p.name,
       u.login as owner,
       p.archived_at
from projects p
join users u on u.id = p.owner_id
order by p.slug
