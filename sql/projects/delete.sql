-- Deletes a project: everything in it hangs on it by foreign keys that delete with it.
--
-- $1 project
delete from projects
where id = $1
