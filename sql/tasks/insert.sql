-- Creates a task with its text.
--
-- $1 project   $2 id   $3 number   $4 cycle   $5 parent   $6 type   $7 title   $8 priority
-- $9 assignee   $10 target role   $11 linked   $12 person   $13 token   $14 description
with created as (
    insert into tasks (
        project_id, id, number, cycle_id, parent_id, type, title, priority,
        assignee_id, target_role_id, linked, created_by_user_id, created_by_token_id
    )
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
)
insert into task_texts (project_id, task_id, description)
values ($1, $2, $14)
