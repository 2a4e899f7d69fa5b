-- Takes a person off the open tasks that it should do, and writes their events: they are for whom
-- their role says from then on.
--
-- The member's row is locked, so nobody can assign it another. Closed and hidden tasks follow with
-- the row, by their foreign key.
--
-- $1 project   $2 who goes   $3 person or null   $4 token or null
with unassigned as (
    update tasks t
    set assignee_id       = null,
        assigned_by_claim = false,
        version           = t.version + 1,
        updated_at        = now()
    where t.project_id  = $1
      and t.assignee_id = $2
      and t.closed_at is null
      and t.deleted_at is null
    returning t.id
)
insert into event_outbox (project_id, kind, actor_user_id, actor_token_id, subject_kind, subject_id, data)
select $1,
       'task.edited',
       $3,
       $4,
       'task',
       u.id,
       jsonb_build_object('changed', jsonb_build_object('assignee_id', jsonb_build_array($2::uuid, null)))
from unassigned u
