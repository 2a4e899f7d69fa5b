-- Makes a bucket the default one.
--
-- $1 project   $2 key
update buckets
set is_default = true
where project_id = $1
  and key        = $2
