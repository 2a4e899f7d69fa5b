-- Gives back to the queue what is held by tokens that have ended, or by a person who goes, in the
-- browser or through whichever token; and writes the events. What is cleared is what
-- `sql/tasks/release.sql` clears.
--
-- Rows at which somebody is this very moment are stepped over, since waiting for several could
-- deadlock. They are not forgotten: the sweep ends the claims of tokens that have ended, and who
-- takes a person out of a project has locked its rows before.
--
-- $1 project   $2 tokens, or null   $3 the person, or null   $4 why
-- $5 who does it, or null   $6 that one's token, or null
with ended as materialized (
    select t.project_id, t.id, t.claim_id, t.holder_user_id, t.holder_token_id
    from tasks t
    where t.project_id = $1
      and t.claim_id is not null
      and (t.holder_token_id = any ($2) or t.holder_user_id = $3)
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
    from ended
    where t.project_id = ended.project_id
      and t.id = ended.id
    returning t.id
)
insert into event_outbox (project_id, kind, actor_user_id, actor_token_id, subject_kind, subject_id, data)
select $1,
       'task.released',
       $5,
       $6,
       'task',
       freed.id,
       jsonb_build_object(
           'claim_id', e.claim_id,
           'holder', jsonb_build_object('user_id', e.holder_user_id, 'token_id', e.holder_token_id),
           'because', $4::text
       )
from freed
join ended e on e.id = freed.id
