-- Takes a schedule's tick for this process; one row at most is ever written for it.
--
-- $1 schedule   $2 tick
insert into schedule_ticks (schedule, at)
values ($1, $2)
on conflict do nothing
