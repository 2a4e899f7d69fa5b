-- A page of cycles and how their tasks stand, newest first.
--
-- Keyed by position, which never changes: a cycle that opens meanwhile moves nothing.
--
-- $1 project   $2 the last position of the page before, or null   $3 number of rows
select c.id        as "id!: _",
       c.name      as "name!",
       c.position  as "position!",
       c.opened_at as "opened_at!",
       c.closed_at as "closed_at?",
       c.total     as "total!",
       c.todo      as "todo!",
       c.doing     as "doing!",
       c.done      as "done!",
       c.wont_do   as "wont_do!"
from cycle_cards c
where c.project_id = $1
  and ($2::integer is null or c.position < $2)
order by c.position desc
limit $3
