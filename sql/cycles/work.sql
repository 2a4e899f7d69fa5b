-- How long the done tasks of a cycle were in `doing`, in seconds, and how many open ones came over
-- from the cycle before. A task that was closed without having been taken does not count.
--
-- $1 project   $2 cycle
select c.carried_in,
       s.median,
       s.p85
from cycles c
cross join (
    select percentile_cont(0.5)  within group (order by seconds) as median,
           percentile_cont(0.85) within group (order by seconds) as p85
    from (
        select extract(epoch from closed_at - started_at)::float8 as seconds
        from tasks
        where project_id = $1
          and cycle_id   = $2
          and state      = 'done'
          and closed_at is not null
          and started_at is not null
          and deleted_at is null
    ) w
) s
where c.project_id = $1
  and c.id         = $2
