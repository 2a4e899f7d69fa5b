-- A sign of life: renews the lease, and replaces the progress note when there is a new one.
--
-- The caller has locked the row and found itself to be the holder.
--
-- $1 project   $2 task   $3 note or null
update tasks t
set lease_expires_at = now() + make_interval(secs => t.lease_seconds),
    heartbeat_at     = now(),
    progress_note    = coalesce($3, t.progress_note)
where t.project_id = $1
  and t.id = $2
returning t.claim_id as "claim_id!: ClaimId",
          t.lease_expires_at
