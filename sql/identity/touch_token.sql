-- Notes that a token was used, unless somebody did within the last minute.
--
-- $1 project   $2 token   $3 this moment   $4 a minute before it
update tokens
set last_used_at = $3
where project_id = $1
  and id         = $2
  and (last_used_at is null or last_used_at <= $4)
