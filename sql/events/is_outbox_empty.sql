-- Instance-wide: whether nothing waits for its position. Asked first, so that an idle relay costs
-- one cheap read.
select not exists (select from event_outbox) as "is_empty!"
