-- Instance-wide: the project of a token that the operator names by its id alone.
--
-- $1 token
select project_id
from tokens
where id = $1
