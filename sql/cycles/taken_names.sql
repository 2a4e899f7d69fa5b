-- Which of these names cycles of the project have.
--
-- $1 project   $2 names
select name
from cycles
where project_id = $1
  and name = any($2)
