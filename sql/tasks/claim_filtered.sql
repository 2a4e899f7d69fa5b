-- Hands out the best ready task of the caller's lanes that a filter lets pass, whole, and writes the event.
--
-- claim_next.sql with filters. A statement of its own, because only without them one plan fits every
-- call: this one is planned anew each time, so that a feature's few children are found by the feature.
--
-- First the lane with the best head, without locks; then the first free row of that lane, which
-- PostgreSQL re-checks on its newest version after locking it. The steps are materialized so that
-- the locking select runs exactly once. The lock leaves the row's key alone: a comment or an edge
-- that is being written holds a key-share lock on the task, and must not make claims skip it.
--
-- Answers no row when nothing is ready, and a row without task when everything ready in the best
-- lane was locked by others at that moment: see `claim::claim_next` for what to do then.
--
-- $1 project   $2 lanes   $3 type or null   $4 role or null   $5 parent or null
-- $6 claim id   $7 person   $8 token or null   $9 lease in seconds, or null for none
with best as materialized (
    select h.lane
    from ready_heads($1, $2, $3, $4, $5) h
    order by h.priority desc, h.number
    limit 1
),
pick as materialized (
    select t.project_id, t.id
    from tasks t
    where t.project_id = $1
      and t.lane = (select lane from best)
      and t.ready
      and ($3::text is null or t.type = $3)
      and ($4::uuid is null or t.target_role_id = $4)
      and ($5::uuid is null or t.parent_id = $5)
    order by t.priority desc, t.number
    limit 1
    for no key update skip locked
),
taken as (
    update tasks t
    set state             = 'doing',
        claim_id          = $6,
        holder_user_id    = $7,
        holder_token_id   = $8,
        assigned_by_claim = t.assignee_id is null,
        assignee_id       = coalesce(t.assignee_id, $7),
        claimed_at        = now(),
        lease_seconds     = $9,
        lease_expires_at  = now() + make_interval(secs => $9::int),
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
    select $1, 'task.claimed', $7, $8, 'task', taken.id, jsonb_build_object('claim_id', $6::uuid)
    from taken
)
select best.lane as "lane!",
       whole     as "task: TaskRow"
from best
left join taken on true
left join lateral whole_task($1, taken.id) whole on true
