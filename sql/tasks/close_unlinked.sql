-- Closes a task that stands alone, in one statement, and writes the event.
--
-- Answers no row when any rule is in the way, or the task is linked: the caller then takes the
-- project's lock, looks again, and says why. A row whose first edge is being added meanwhile is
-- waited for, and its newest version is linked. The row is locked first, so that the event can name
-- the claim that ends.
--
-- $1 project   $2 task   $3 state   $4 claim named, or null   $5 person   $6 token or null
with closing as materialized (
    select t.project_id, t.id, t.claim_id
    from tasks t
    where t.project_id = $1
      and t.id = $2
      and not t.linked
      and t.deleted_at is null
      and (t.state = 'todo' and $4::uuid is null
           or t.state = 'doing'
              and t.holder_user_id = $5
              and t.holder_token_id is not distinct from $6
              and ($4::uuid is null or t.claim_id = $4))
    for no key update
),
closed as (
    update tasks t
    set state            = $3,
        closed_at        = now(),
        claim_id         = null,
        holder_user_id   = null,
        holder_token_id  = null,
        claimed_at       = null,
        lease_seconds    = null,
        lease_expires_at = null,
        progress_note    = null,
        heartbeat_at     = null,
        version          = t.version + 1,
        updated_at       = now()
    from closing
    where t.project_id = closing.project_id
      and t.id = closing.id
    returning t.id, closing.claim_id
),
noted as (
    insert into event_outbox (project_id, kind, actor_user_id, actor_token_id, subject_kind, subject_id, data)
    select $1, 'task.closed', $5, $6, 'task', closed.id, jsonb_build_object('state', $3::text, 'claim_id', closed.claim_id)
    from closed
)
select closed.id as "id: TaskId"
from closed
