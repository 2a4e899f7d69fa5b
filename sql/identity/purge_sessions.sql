-- Removes sessions that have ended by themselves.
--
-- $1 the last moment of use before which one has ended
-- $2 the moment of sign-in before which one has ended
delete from sessions
where last_seen_at <= $1
   or created_at   <= $2
