-- Closes open tasks; the caller holds the project's lock and has checked the rules.
--
-- $1 project   $2 tasks   $3 state
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
where t.project_id = $1
  and t.id = any ($2)
  and t.state in ('todo', 'doing')
returning t.id as "id: TaskId"
