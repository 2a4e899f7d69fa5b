-- What a role is used for: members who hold it, live tokens that work in it, open tasks that ask for it.
--
-- $1 project   $2 role
select (
           select count(*)
           from member_roles m
           where m.project_id = $1
             and m.role_id    = $2
       ) as "members!",
       (
           select count(*)
           from tokens t
           where t.project_id      = $1
             and t.default_role_id = $2
             and t.revoked_at is null
             and (t.expires_at is null or t.expires_at > now())
       ) as "tokens!",
       (
           select count(*)
           from tasks t
           where t.project_id     = $1
             and t.target_role_id = $2
             and t.closed_at is null
             and t.deleted_at is null
       ) as "open_tasks!"
