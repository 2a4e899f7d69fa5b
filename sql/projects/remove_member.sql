-- Takes a person out of a project.
--
-- $1 project   $2 person
delete from members
where project_id = $1
  and user_id    = $2
