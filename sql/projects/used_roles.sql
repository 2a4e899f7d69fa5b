-- The roles of a project in their order, each with members who hold it, live tokens that work in it,
-- and open tasks that ask for it.
--
-- $1 project
select r.id                 as "id: RoleId",
       r.key,
       r.label,
       r.color              as "color: Swatch",
       r.position,
       (
           select count(*)
           from member_roles m
           where m.project_id = $1
             and m.role_id    = r.id
       )                    as "members!",
       (
           select count(*)
           from tokens t
           where t.project_id      = $1
             and t.default_role_id = r.id
             and t.revoked_at is null
             and (t.expires_at is null or t.expires_at > now())
       )                    as "tokens!",
       coalesce(o.tasks, 0) as "open_tasks!"
from roles r
left join (
    select target_role_id,
           count(*) as tasks
    from tasks
    where project_id = $1
      and closed_at is null
      and deleted_at is null
    group by target_role_id
) o on o.target_role_id = r.id
where r.project_id = $1
order by r.position, r.key
