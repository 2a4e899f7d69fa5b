-- Instance-wide: how many events wait for their position, since when, and how many have one.
select (select count(*) from event_outbox)         as "waiting!",
       (select min(o.at) from event_outbox o)      as waiting_since,
       (select r.last_position from event_relay r) as "numbered!"
