-- Workers of processes that ended, unless a job that is kept names them; apalis removes none itself.
delete from apalis.workers w
where w.last_seen < now() - interval '7 days'
  and not exists (select from apalis.jobs j where j.lock_by = w.id)
