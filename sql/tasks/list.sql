-- A page of tasks as cards, best first.
--
-- A filter that is null does not narrow. The cursor is the last row of the page before.
--
-- $1 project   $2 cycle   $3 state   $4 closed ones too   $5 type   $6 assignee   $7 unassigned only
-- $8 target role   $9 parent   $10 children too   $11 ready   $12 held by this token
-- $13 part of the title, escaped for `ilike`   $14 number   $15 cursor's priority   $16 cursor's number   $17 limit
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
  and ($2::uuid is null or c.cycle_id = $2)
  and ($3::text is null or c.state = $3)
  and ($4 or c.state in ('todo', 'doing'))
  and ($5::text is null or c.type = $5)
  and ($6::uuid is null or c.assignee_id = $6)
  and (not $7 or c.assignee_id is null)
  and ($8::uuid is null or c.target_role_id = $8)
  and ($9::uuid is null or c.parent_id = $9)
  and ($10 or c.parent_id is null)
  and ($11::boolean is null or c.ready = $11)
  and ($12::uuid is null or c.holder_token_id = $12)
  and ($13::text is null or c.title ilike '%' || $13 || '%' or c.number = $14)
  and ($15::smallint is null or (c.priority, -c.number) < ($15, -$16::int))
order by c.priority desc, c.number
limit $17
