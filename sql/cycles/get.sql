-- One cycle and how its tasks stand.
--
-- $1 project   $2 cycle
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
  and c.id         = $2
