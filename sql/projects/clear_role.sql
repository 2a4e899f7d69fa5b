-- Takes a role off the open tasks that ask for it, and writes their events. From then on they are
-- for everybody, or for whom they are assigned to: `lane` follows by itself.
--
-- The role's row is locked, so no task can begin to ask for it. Closed and hidden tasks lose it
-- with the row, by their foreign key.
--
-- $1 project   $2 role   $3 person or null   $4 token or null
with cleared as (
    update tasks t
    set target_role_id = null,
        version        = t.version + 1,
        updated_at     = now()
    where t.project_id     = $1
      and t.target_role_id = $2
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
       c.id,
       jsonb_build_object('changed', jsonb_build_object('target_role_id', jsonb_build_array($2::uuid, null)))
from cleared c
