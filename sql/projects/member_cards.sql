-- The members of a project as the owner's page shows them, in the order of their logins.
--
-- $1 project
select u.id                   as "user_id: _",
       u.login                as github_login,
       u.display_name,
       u.avatar_url,
       u.last_seen_at,
       m.created_at           as joined_at,
       array(
           select r.key
           from member_roles mr
           join roles r on r.project_id = mr.project_id and r.id = mr.role_id
           where mr.project_id = $1
             and mr.user_id    = m.user_id
           order by r.position
       )                      as "roles!",
       p.owner_id = m.user_id as "is_owner!",
       (
           select count(*)
           from tokens t
           where t.project_id = $1
             and t.user_id    = m.user_id
             and t.revoked_at is null
             and (t.expires_at is null or t.expires_at > now())
       )                      as "live_tokens!",
       (
           select count(*)
           from tasks t
           where t.project_id     = $1
             and t.holder_user_id = m.user_id
             and t.claim_id is not null
             and t.deleted_at is null
       )                      as "held_tasks!"
from members m
join projects p on p.id = m.project_id
join users u on u.id = m.user_id
where m.project_id = $1
order by lower(u.login)
