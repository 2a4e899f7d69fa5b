-- Waits until no other process migrates this database, and keeps the others out.
--
-- A lock of the session, not of the transaction: it is taken before the transaction begins, so
-- that whoever waited sees what the one before has committed.
--
-- $1 the number that all versions of the program agree on
select pg_advisory_lock($1)
