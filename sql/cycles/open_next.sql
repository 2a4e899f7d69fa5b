-- Opens a cycle.
--
-- $1 project   $2 cycle   $3 name   $4 position
insert into cycles (project_id, id, name, position)
values ($1, $2, $3, $4)
