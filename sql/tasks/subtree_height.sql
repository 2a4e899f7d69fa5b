-- How many levels a task and everything below it take: 1 for a task without children.
--
-- $1 project   $2 task
with recursive below as (
    select t.id, 1 as level
    from tasks t
    where t.project_id = $1
      and t.id = $2
    union all
    select t.id, below.level + 1
    from below
    join tasks t on t.project_id = $1 and t.parent_id = below.id
)
select max(level) as "height!"
from below
