-- Gives a project to one of its members; answers nothing when the person is none.
--
-- $1 project   $2 person
update projects p
set owner_id   = m.user_id,
    updated_at = now()
from members m
where m.project_id = $1
  and m.user_id    = $2
  and p.id         = m.project_id
returning p.id
