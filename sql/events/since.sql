-- Events of a project after a position and up to another, oldest first, with the names of who acted.
--
-- $1 project   $2 after   $3 up to   $4 kinds or null   $5 subject or null   $6 most rows
select e.position as "id!",
       e.kind as "kind!",
       u.login as "user?",
       k.name as "token?",
       e.subject_kind as "subject_kind!",
       e.subject_id as "subject_id!",
       t.number as "number?",
       e.data as "data!",
       e.at as "at!"
from events e
left join users u on u.id = e.actor_user_id
left join tokens k on k.project_id = e.project_id and k.id = e.actor_token_id
left join tasks t on t.project_id = e.project_id and t.id = e.subject_id and e.subject_kind = 'task'
where e.project_id = $1
  and e.position > $2
  and e.position <= $3
  and ($4::text[] is null or e.kind = any($4))
  and ($5::uuid is null or e.subject_id = $5)
order by e.position
limit $6
