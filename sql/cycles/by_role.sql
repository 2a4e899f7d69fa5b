-- How the tasks of a cycle stand by the role they ask for, in the order of the roles; those that
-- ask for none come last.
--
-- $1 project   $2 cycle
select r.key                                       as "role?",
       count(*)                                    as "total!",
       count(*) filter (where t.state = 'todo')    as "todo!",
       count(*) filter (where t.state = 'doing')   as "doing!",
       count(*) filter (where t.state = 'done')    as "done!",
       count(*) filter (where t.state = 'wont_do') as "wont_do!"
from tasks t
left join roles r on r.project_id = t.project_id and r.id = t.target_role_id
where t.project_id = $1
  and t.cycle_id   = $2
  and t.deleted_at is null
group by r.key, r.position
order by r.position, r.key
