-- Keeps the answer of a call beside the change it made.
--
-- $1 project   $2 token   $3 key   $4 answer
update idempotency_keys k
set result = $4
where k.project_id = $1
  and k.token_id   = $2
  and k.key        = $3
