-- Instance-wide: a project by id, slug or key. Slugs have no capitals and keys nothing else, so
-- a key in any case comes after a slug that looks the same.
--
-- $1 id or null   $2 the name as it was given
select id
from projects
where id = $1
   or slug = $2
   or key  = upper($2)
order by id = $1 desc nulls last, slug = $2 desc
limit 1
