-- Gives a held task back to the queue. An assignee that the claim itself had set goes with it.
--
-- The caller has locked the row and decided that it may.
--
-- $1 project   $2 task
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
where t.project_id = $1
  and t.id = $2
