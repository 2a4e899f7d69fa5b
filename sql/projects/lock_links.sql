-- Keeps every other change of the project's task graph out, until the transaction ends.
--
-- $1 project
select pg_advisory_xact_lock(hashtextextended('nottario.project:' || $1::uuid::text, 0)) as "locked!: ()"
