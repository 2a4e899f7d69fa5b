-- Ends every session of a person but one.
--
-- $1 person   $2 the session that stays
delete from sessions
where user_id = $1
  and id     <> $2
