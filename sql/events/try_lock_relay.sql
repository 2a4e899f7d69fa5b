-- Makes this the only relay until the transaction ends, or answers false when another one is at it.
--
-- A statement of its own: the next one then sees everything that the relay before has committed.
select pg_try_advisory_xact_lock(hashtextextended('nottario.relay', 0)) as "is_ours!"
