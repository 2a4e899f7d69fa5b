-- Gives a member a role; answers the role's key and whether it is new, and nothing when the project
-- has no such role.
--
-- $1 project   $2 person   $3 role
with given as (
    insert into member_roles (project_id, user_id, role_id)
    select project_id, $2, id
    from roles
    where project_id = $1
      and id         = $3
    on conflict do nothing
    returning role_id
)
select r.key,
       exists (select from given) as "is_new!"
from roles r
where r.project_id = $1
  and r.id         = $3
