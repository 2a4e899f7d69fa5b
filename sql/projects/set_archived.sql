-- Puts a project away, or brings it back.
--
-- $1 project   $2 whether it is put away
update projects
set archived_at = case when $2 then now() end,
    updated_at  = now()
where id = $1
