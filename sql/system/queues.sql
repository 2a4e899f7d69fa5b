-- Instance-wide: how the queues of background jobs stand.
select j.job_type                                                      as "name!",
       count(*) filter (where j.status in ('Pending', 'Queued'))       as "waiting!",
       count(*) filter (where j.status = 'Running')                    as "running!",
       count(*) filter (where j.status in ('Failed', 'Killed'))        as "failed!",
       max(j.done_at) filter (where j.status = 'Done')                 as last_done_at
from apalis.jobs j
group by j.job_type
order by j.job_type
