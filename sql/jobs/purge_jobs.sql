-- Jobs that succeeded are of interest for a week; those that failed for good stay.
delete from apalis.jobs j
where j.status = 'Done'
  and j.done_at < now() - interval '7 days'
