-- The least that a claim could be: the columns that a claim writes, on one known row.
--
-- $1 project   $2 task   $3 claim id   $4 person   $5 token   $6 lease in seconds
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
where t.project_id = $1
  and t.id = $2
