-- Puts tasks whose lease has run out back into the queue, and writes their events; also those that
-- are held by a token which has been revoked or has expired, since nobody can release them.
--
-- Rows that somebody is changing right now are left for the next round: their holder may be
-- renewing. Several processes may sweep at once.
--
-- $1 project   $2 at most so many
with lapsed as materialized (
    select t.project_id, t.id, t.holder_user_id, t.holder_token_id, t.claim_id
    from tasks t
    where t.project_id = $1
      and t.claim_id is not null
      and (t.lease_expires_at < now()
           or t.holder_token_id is not null
              and not exists (
                  select
                  from tokens k
                  where k.project_id = $1
                    and k.id         = t.holder_token_id
                    and k.revoked_at is null
                    and (k.expires_at is null or k.expires_at > now())
              ))
    order by t.lease_expires_at
    limit $2
    for no key update skip locked
),
freed as (
    update tasks t
    set state             = 'todo',
        claim_id          = null,
        holder_user_id    = null,
        holder_token_id   = null,
        assignee_id       = case when t.assigned_by_claim then null else t.assignee_id end,
        assigned_by_claim = false,
        claimed_at        = null,
        lease_seconds     = null,
        lease_expires_at  = null,
        progress_note     = null,
        heartbeat_at      = null,
        started_at        = null,
        version           = t.version + 1,
        updated_at        = now()
    from lapsed
    where t.project_id = lapsed.project_id
      and t.id = lapsed.id
    returning t.id
)
insert into event_outbox (project_id, kind, subject_kind, subject_id, data)
select $1,
       'claim.expired',
       'task',
       freed.id,
       jsonb_build_object('claim_id', l.claim_id, 'user_id', l.holder_user_id, 'token_id', l.holder_token_id)
from freed
join lapsed l on l.id = freed.id
