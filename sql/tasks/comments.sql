-- A page of a task's comments, oldest first.
--
-- $1 project   $2 task   $3 after this comment, or null   $4 limit
select m.id         as "id: CommentId",
       u.login,
       k.name       as "token?",
       m.body,
       m.created_at,
       m.edited_at
from task_comments m
join users u on u.id = m.author_user_id
left join tokens k on k.project_id = m.project_id and k.id = m.author_token_id
where m.project_id = $1
  and m.task_id = $2
  and ($3::uuid is null
       or (m.created_at, m.id) > (select a.created_at, a.id from task_comments a where a.project_id = $1 and a.id = $3))
order by m.created_at, m.id
limit $4
