-- Lets one transaction at a time make a project.
select pg_advisory_xact_lock(hashtextextended('nottario.projects', 0)) as "locked!: ()"
