-- Empties an instance that is the demo's alone, for the next demo to begin in.
--
-- Everything else hangs on projects and people, and goes with them.
--
-- no binds
truncate projects, users cascade
