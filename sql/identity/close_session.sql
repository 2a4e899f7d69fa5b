-- Ends a session of a person.
--
-- $1 person   $2 session
delete from sessions
where user_id = $1
  and id      = $2
