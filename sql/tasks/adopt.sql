-- Counts children that a feature gets; answers no row when it is closed or not a feature.
--
-- $1 project   $2 feature   $3 open children more   $4 whether the children are all closed
update tasks t
set open_children = t.open_children + $3,
    linked        = true
where t.project_id = $1
  and t.id = $2
  and t.type = 'feature'
  and t.deleted_at is null
  and ($4 or t.state in ('todo', 'doing'))
returning t.cycle_id as "cycle_id: CycleId"
