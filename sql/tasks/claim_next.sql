-- Hands out the best ready task of the caller's lanes, whole, and writes the event.
--
-- First the lane with the best head, without locks; then the first free row of that lane, which
-- PostgreSQL re-checks on its newest version after locking it. The steps are materialized so that
-- the locking select runs exactly once. The lock leaves the row's key alone: a comment or an edge
-- that is being written holds a key-share lock on the task, and must not make claims skip it.
--
-- Answers no row when nothing is ready, and a row without task when everything ready in the best
-- lane was locked by others at that moment: see `claim::claim_next` for what to do then.
--
-- The task is read in the same statement, so that it need not hold the row for another round trip, and
-- a caller that wants nothing else needs no transaction around it.
--
-- Without filters, so that PostgreSQL keeps one plan for all calls: planning costs as much as claiming.
--
-- $1 project   $2 lanes   $3 claim id   $4 person   $5 token or null
-- $6 lease in seconds, or null for none
with best as materialized (
    select h.lane
    from ready_heads($1, $2, null, null, null) h
    order by h.priority desc, h.number
    limit 1
),
pick as materialized (
    select t.project_id, t.id
    from tasks t
    where t.project_id = $1
      and t.lane = (select lane from best)
      and t.ready
    order by t.priority desc, t.number
    limit 1
    for no key update skip locked
),
taken as (
    update tasks t
    set state             = 'doing',
        claim_id          = $3,
        holder_user_id    = $4,
        holder_token_id   = $5,
        assigned_by_claim = t.assignee_id is null,
        assignee_id       = coalesce(t.assignee_id, $4),
        claimed_at        = now(),
        lease_seconds     = $6,
        lease_expires_at  = now() + make_interval(secs => $6::int),
        started_at        = coalesce(t.started_at, now()),
        version           = t.version + 1,
        updated_at        = now()
    from pick
    where t.project_id = pick.project_id
      and t.id = pick.id
    returning t.id
),
noted as (
    insert into event_outbox (project_id, kind, actor_user_id, actor_token_id, subject_kind, subject_id, data)
    select $1, 'task.claimed', $4, $5, 'task', taken.id, jsonb_build_object('claim_id', $3::uuid)
    from taken
)
select best.lane as "lane!",
       whole     as "task: TaskRow"
from best
left join taken on true
left join lateral whole_task($1, taken.id) whole on true
