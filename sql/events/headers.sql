-- Instance-wide: what happened after a position, without its contents, for the process's own feed.
--
-- $1 position   $2 most rows
select position,
       project_id as "project: _",
       kind,
       subject_id as subject
from events
where position > $1
order by position
limit $2
