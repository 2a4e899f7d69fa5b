-- Gives a held task a new claim: the old claim id is worthless from here on.
--
-- The caller has locked the row and decided that it may. An assignee that the former claim had set
-- is the new holder's from now on.
--
-- $1 project   $2 task   $3 claim id   $4 person   $5 token or null   $6 lease in seconds, or null for none
update tasks t
set claim_id         = $3,
    holder_user_id   = $4,
    holder_token_id  = $5,
    assignee_id      = case when t.assigned_by_claim then $4 else t.assignee_id end,
    claimed_at       = now(),
    lease_seconds    = $6,
    lease_expires_at = now() + make_interval(secs => $6::int),
    progress_note    = null,
    heartbeat_at     = null,
    version          = t.version + 1,
    updated_at       = now()
where t.project_id = $1
  and t.id = $2
  and t.state = 'doing'
returning t.lease_expires_at
