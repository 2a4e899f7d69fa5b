-- Stored answers are kept for 24 hours.
delete from idempotency_keys k
where k.created_at < now() - interval '24 hours'
