-- The days on which tasks of a cycle were done, and how many. Days are UTC's.
--
-- $1 project   $2 cycle
select (closed_at at time zone 'UTC')::date as "day!",
       count(*)                             as "done!"
from tasks
where project_id = $1
  and cycle_id   = $2
  and state      = 'done'
  and closed_at is not null
  and deleted_at is null
group by 1
order by 1
