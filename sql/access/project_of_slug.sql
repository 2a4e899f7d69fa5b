-- Instance-wide: the project with a slug, for `access::find`, which then asks whether the caller may see it.
--
-- $1 slug
select id
from projects
where slug = $1
