-- Lets one transaction at a time change who administers the instance.
--
-- A lock of its own rather than a row lock, because an empty instance has no row to lock.
select pg_advisory_xact_lock(hashtextextended('nottario.admins', 0)) as "locked!: ()"
