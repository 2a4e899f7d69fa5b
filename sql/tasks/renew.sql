-- Renews the caller's lease on a task that it holds, once a tenth of the lease has passed.
--
-- $1 project   $2 task   $3 token
update tasks t
set lease_expires_at = now() + make_interval(secs => t.lease_seconds)
where t.project_id = $1
  and t.id = $2
  and t.holder_token_id = $3
  and t.lease_expires_at < now() + make_interval(secs => t.lease_seconds * 0.9)
