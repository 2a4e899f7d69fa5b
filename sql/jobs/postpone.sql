-- Moves a failed job's next attempt into the future.
--
-- $1 job   $2 seconds from now
update apalis.jobs j
set run_at = now() + make_interval(secs => $2)
where j.id = $1
