-- Gives a member exactly these roles of the project; answers the keys of those that it had not,
-- and of those that it has no longer.
--
-- $1 project   $2 person   $3 roles
with taken as (
    delete from member_roles m
    where m.project_id = $1
      and m.user_id    = $2
      and m.role_id   <> all ($3)
    returning m.role_id
),
given as (
    insert into member_roles (project_id, user_id, role_id)
    select r.project_id, $2, r.id
    from roles r
    where r.project_id = $1
      and r.id         = any ($3)
    on conflict do nothing
    returning role_id
)
select array(
           select r.key
           from roles r
           join given g on g.role_id = r.id
           where r.project_id = $1
           order by r.position
       ) as "given!",
       array(
           select r.key
           from roles r
           join taken t on t.role_id = r.id
           where r.project_id = $1
           order by r.position
       ) as "taken!"
