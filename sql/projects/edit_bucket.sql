-- Writes a bucket's key and value.
--
-- $1 project   $2 key before   $3 key after   $4 value
update buckets
set key   = $3,
    value = $4
where project_id = $1
  and key        = $2
