-- Writes a comment; answers nothing when the task is not here.
--
-- $1 project   $2 comment   $3 task   $4 person   $5 token or null   $6 body
insert into task_comments (project_id, id, task_id, author_user_id, author_token_id, body)
select $1, $2, t.id, $4, $5, $6
from tasks t
where t.project_id = $1
  and t.id = $3
  and t.deleted_at is null
returning created_at
