-- Takes one named task under the rules of claim_next, whole, and writes the event.
--
-- Waits for whoever is changing the row and then looks at its newest version.
--
-- $1 project   $2 task   $3 lanes
-- $4 claim id   $5 person   $6 token or null   $7 lease in seconds, or null for none
with taken as (
    update tasks t
    set state             = 'doing',
        claim_id          = $4,
        holder_user_id    = $5,
        holder_token_id   = $6,
        assigned_by_claim = t.assignee_id is null,
        assignee_id       = coalesce(t.assignee_id, $5),
        claimed_at        = now(),
        lease_seconds     = $7,
        lease_expires_at  = now() + make_interval(secs => $7::int),
        started_at        = coalesce(t.started_at, now()),
        version           = t.version + 1,
        updated_at        = now()
    where t.project_id = $1
      and t.id = $2
      and t.ready
      and t.lane = any ($3)
    returning t.id
),
noted as (
    insert into event_outbox (project_id, kind, actor_user_id, actor_token_id, subject_kind, subject_id, data)
    select $1, 'task.claimed', $5, $6, 'task', taken.id, jsonb_build_object('claim_id', $4::uuid)
    from taken
)
select whole as "task!: TaskRow"
from taken
cross join lateral whole_task($1, taken.id) whole
