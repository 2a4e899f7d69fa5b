-- A project's settings, and whether a task has ever been created, hidden and purged ones included.
--
-- $1 project
select p.slug,
       p.key,
       c.last_number = 0 as "may_change_key!",
       p.name,
       p.description,
       p.primary_language,
       p.project_type,
       p.default_view    as "default_view: DefaultView",
       p.cycle_label,
       p.mcp_page_size,
       p.lease_minutes,
       p.owner_id        as "owner_id: UserId",
       u.login           as owner,
       p.archived_at,
       p.created_at,
       p.updated_at,
       p.version
from task_counters c
join projects p on p.id = c.project_id
join users u on u.id = p.owner_id
where c.project_id = $1
