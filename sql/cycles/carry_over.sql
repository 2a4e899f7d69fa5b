-- Moves a cycle's open tasks, and what is below its open features, into the next one. Hidden tasks
-- move like the others, so that one which is restored is not left in a closed cycle.
--
-- The project's lock is held, so only tasks without parent and children can still change sides.
-- Such a one, closed while this statement waited for its row, stays where it is: the last line is
-- checked again on the newest version of the row, and so is what is counted as open.
--
-- $1 project   $2 the cycle that ends   $3 the one that opens
with recursive moving as (
    select id
    from tasks
    where project_id = $1
      and cycle_id   = $2
      and state in ('todo', 'doing')
    union
    select t.id
    from moving m
    join tasks t on t.project_id = $1 and t.parent_id = m.id
),
moved as (
    update tasks t
    set cycle_id   = $3,
        version    = t.version + 1,
        updated_at = now()
    from moving m
    where t.project_id = $1
      and t.id         = m.id
      and (t.state in ('todo', 'doing') or t.parent_id is not null)
    returning t.state in ('todo', 'doing') and t.deleted_at is null as is_open
),
figures as (
    select count(*)                         as moved,
           count(*) filter (where is_open)  as open
    from moved
),
noted as (
    update cycles c
    set carried_in = figures.open
    from figures
    where c.project_id = $1
      and c.id         = $3
)
select moved as "moved!",
       open  as "open!"
from figures
