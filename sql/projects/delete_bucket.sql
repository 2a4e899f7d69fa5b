-- Removes a bucket. Priorities are numbers, so tasks keep theirs.
--
-- $1 project   $2 key
delete from buckets
where project_id = $1
  and key        = $2
  and not is_default
