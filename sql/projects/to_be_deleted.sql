-- What goes with a project.
--
-- $1 project
select p.slug,
       (select count(*) from tasks t where t.project_id = $1)                           as "tasks!",
       (select count(*) from tokens k where k.project_id = $1 and k.revoked_at is null) as "tokens!"
from projects p
where p.id = $1
