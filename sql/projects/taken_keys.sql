-- Instance-wide: which of these keys are taken.
--
-- $1 keys
select key
from projects
where key = any($1)
