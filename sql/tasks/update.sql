-- Writes a task's fields; the caller has locked the row and computed every value.
--
-- $1 project   $2 task   $3 title   $4 type   $5 priority   $6 assignee   $7 target role   $8 parent
-- $9 whether this changes the assignee   $10 whether a text changed   $11 person   $12 token
update tasks t
set title              = $3,
    type               = $4,
    priority           = $5,
    assignee_id        = $6,
    target_role_id     = $7,
    parent_id          = $8,
    assigned_by_claim  = t.assigned_by_claim and not $9,
    edited_by_user_id  = case when $10 then $11 else t.edited_by_user_id end,
    edited_by_token_id = case when $10 then $12 else t.edited_by_token_id end,
    edited_at          = case when $10 then now() else t.edited_at end,
    version            = t.version + 1,
    updated_at         = now()
where t.project_id = $1
  and t.id = $2
