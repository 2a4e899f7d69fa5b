-- Several tasks as cards, best first.
--
-- $1 project   $2 tasks
select c.id               as "id!: TaskId",
       c.number           as "number!",
       c.key              as "key!",
       c.type             as "kind!: TaskType",
       c.title            as "title!",
       c.state            as "state!: TaskState",
       c.priority         as "priority!",
       c.priority_key     as "priority_key?",
       c.ready            as "ready!",
       c.parent_key       as "parent_key?",
       c.target_role      as "target_role?",
       c.assignee         as "assignee?",
       c.holder           as "holder?",
       c.holder_token     as "holder_token?",
       c.claimed_at       as "claimed_at?",
       c.lease_expires_at as "lease_expires_at?",
       c.progress_note    as "progress_note?",
       c.version          as "version!",
       c.updated_at       as "updated_at!"
from task_cards c
where c.project_id = $1
  and c.id = any ($2)
order by c.priority desc, c.number
