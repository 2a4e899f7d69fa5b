-- Links a commit to a task; linked again, it gets the new message and keeps who linked it first.
--
-- Answers no row when the task is not here.
--
-- $1 project   $2 task   $3 repo   $4 sha   $5 message or null   $6 person   $7 token or null
insert into task_commits (project_id, task_id, repo, sha, message, linked_by_user_id, linked_by_token_id)
select $1, t.id, $3, $4, coalesce($5::text, ''), $6, $7
from tasks t
where t.project_id = $1
  and t.id = $2
  and t.deleted_at is null
on conflict (project_id, task_id, repo, sha) do update
set message = coalesce($5, task_commits.message)
returning xmax = 0 as "is_new!"
