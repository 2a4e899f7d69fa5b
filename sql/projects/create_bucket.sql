-- Adds a bucket.
--
-- $1 project   $2 key   $3 value
insert into buckets (project_id, key, value)
values ($1, $2, $3)
