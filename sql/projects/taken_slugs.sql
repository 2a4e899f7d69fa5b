-- Instance-wide: which of these slugs are taken.
--
-- $1 slugs
select slug
from projects
where slug = any($1)
