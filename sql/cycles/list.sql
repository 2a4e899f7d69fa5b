-- A page of cycles and how their tasks stand, newest first.
--
-- Keyed by position, which never changes: a cycle that opens meanwhile moves nothing.
--
-- $1 project   $2 the last position of the page before, or null   $3 number of rows
select c.id      as "id: _",
       c.name,
       c.position,
       c.opened_at,
       c.closed_at,
       s.total   as "total!",
       s.todo    as "todo!",
       s.doing   as "doing!",
       s.done    as "done!",
       s.wont_do as "wont_do!"
from cycles c
cross join lateral (
    select count(*)                                  as total,
           count(*) filter (where state = 'todo')    as todo,
           count(*) filter (where state = 'doing')   as doing,
           count(*) filter (where state = 'done')    as done,
           count(*) filter (where state = 'wont_do') as wont_do
    from tasks t
    where t.project_id = $1
      and t.cycle_id   = c.id
      and t.deleted_at is null
) s
where c.project_id = $1
  and ($2::integer is null or c.position < $2)
order by c.position desc
limit $3
