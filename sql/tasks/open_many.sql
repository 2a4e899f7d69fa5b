-- Opens closed tasks again; the caller holds the project's lock. An assignee that a claim had set goes.
--
-- $1 project   $2 tasks
update tasks t
set state             = 'todo',
    closed_at         = null,
    started_at        = null,
    assignee_id       = case when t.assigned_by_claim then null else t.assignee_id end,
    assigned_by_claim = false,
    version           = t.version + 1,
    updated_at        = now()
where t.project_id = $1
  and t.id = any ($2)
  and t.state in ('done', 'wont_do')
