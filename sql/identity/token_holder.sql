-- Whose token it is.
--
-- $1 project   $2 token
select user_id
from tokens
where project_id = $1
  and id         = $2
