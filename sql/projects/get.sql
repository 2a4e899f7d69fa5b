-- A project with its settings, its owner, and how many tasks are in each state.
--
-- $1 project
select p.slug,
       p.key,
       p.name,
       p.description,
       p.primary_language,
       p.project_type,
       p.default_view as "default_view: DefaultView",
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
    select coalesce(sum(c.todo), 0)::bigint    as todo,
           coalesce(sum(c.doing), 0)::bigint   as doing,
           coalesce(sum(c.done), 0)::bigint    as done,
           coalesce(sum(c.wont_do), 0)::bigint as wont_do
    from cycle_cards c
    where c.project_id = $1
) s
where p.id = $1
