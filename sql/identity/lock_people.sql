-- Lets one transaction at a time change who is known, under which login, and who administers.
--
-- A lock of its own rather than a row lock, because an empty instance has no row to lock.
select pg_advisory_xact_lock(hashtextextended('nottario.admins', 0)) as "locked!: ()"
