-- How the tasks of a cycle stand by the role they ask for, in the order of the roles; those that
-- ask for none come last. Open tasks are all in the open cycle.
--
-- $1 project   $2 cycle
select r.key                                       as "role?",
       count(*)                                    as "total!",
       count(*) filter (where t.state = 'todo')    as "todo!",
       count(*) filter (where t.state = 'doing')   as "doing!",
       count(*) filter (where t.state = 'done')    as "done!",
       count(*) filter (where t.state = 'wont_do') as "wont_do!"
from (
    select o.state, o.target_role_id
    from tasks o
    join cycles c on c.project_id = $1 and c.id = $2 and c.closed_at is null
    where o.project_id = $1
      and o.closed_at is null
      and o.deleted_at is null
    union all
    select d.state, d.target_role_id
    from tasks d
    where d.project_id = $1
      and d.cycle_id   = $2
      and d.closed_at is not null
      and d.deleted_at is null
) t
left join roles r on r.project_id = $1 and r.id = t.target_role_id
group by r.key, r.position
order by r.position, r.key
