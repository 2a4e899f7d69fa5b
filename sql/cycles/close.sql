-- Closes a cycle. The next one has to be open before the transaction ends.
--
-- $1 project   $2 cycle   $3 person or null   $4 token or null
update cycles
set closed_at          = now(),
    closed_by_user_id  = $3,
    closed_by_token_id = $4
where project_id = $1
  and id         = $2
