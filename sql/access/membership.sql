-- What a user is in a project; also the project's settings that nearly every call needs.
--
-- Answers a row for every project that exists: whether absence of membership is refused is for
-- `access::enter` to say, in one place.
--
-- $1 project   $2 user
select p.key,
       p.owner_id = $2             as "is_owner!",
       m.user_id is not null       as "is_member!",
       p.archived_at is not null   as "is_archived!",
       p.lease_minutes,
       p.mcp_page_size,
       array(
           select r.role_id
           from member_roles r
           where r.project_id = $1
             and r.user_id    = $2
       )                           as "roles!"
from projects p
left join members m on m.project_id = p.id and m.user_id = $2
where p.id = $1
