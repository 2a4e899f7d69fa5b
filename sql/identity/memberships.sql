-- What a member is in a project: a row for each role, or one without role.
--
-- $1 project   $2 person
select p.id       as "project_id: _",
       p.slug     as project_slug,
       p.key      as project_key,
       p.name     as project_name,
       r.id       as "role_id?: _",
       r.key      as "role_key?",
       r.label    as "role_label?",
       r.color    as "role_color?",
       r.position as "role_position?"
from members m
join projects p on p.id = m.project_id
left join member_roles mr on mr.project_id = m.project_id and mr.user_id = m.user_id
left join roles r on r.project_id = mr.project_id and r.id = mr.role_id
where m.project_id = $1
  and m.user_id    = $2
order by r.position
