-- A project with its settings, its owner, and how many tasks are in each state.
--
-- $1 project
select p.slug,
       p.key,
       p.name,
       p.description,
       p.primary_language,
       p.project_type,
       p.default_view,
       p.cycle_label,
       p.mcp_page_size,
       p.lease_minutes,
       u.login   as owner,
       s.todo    as "todo!",
       s.doing   as "doing!",
       s.done    as "done!",
       s.wont_do as "wont_do!"
from projects p
join users u on u.id = p.owner_id
cross join (
    select count(*) filter (where state = 'todo')    as todo,
           count(*) filter (where state = 'doing')   as doing,
           count(*) filter (where state = 'done')    as done,
           count(*) filter (where state = 'wont_do') as wont_do
    from tasks
    where project_id = $1
      and deleted_at is null
) s
where p.id = $1
