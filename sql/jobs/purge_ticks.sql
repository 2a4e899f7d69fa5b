-- Old ticks cannot come again.
delete from schedule_ticks t
where t.at < now() - interval '7 days'
