-- Leaves a project without a default bucket: for the moment until the next statement, since the
-- index that allows one of them is asked at every row.
--
-- $1 project
update buckets
set is_default = false
where project_id = $1
  and is_default
