-- The commits linked to a task, newest link first.
--
-- $1 project   $2 task   $3 limit
select m.repo,
       m.sha,
       m.message,
       m.linked_at,
       u.login,
       k.name as "token?"
from task_commits m
join users u on u.id = m.linked_by_user_id
left join tokens k on k.project_id = m.project_id and k.id = m.linked_by_token_id
where m.project_id = $1
  and m.task_id = $2
order by m.linked_at desc, m.sha
limit $3
