-- Gives every task with one priority another, and writes the events of the open ones; answers how
-- many of them there were.
--
-- $1 project   $2 priority before   $3 priority after   $4 person or null   $5 token or null
with moved as (
    update tasks t
    set priority   = $3,
        version    = t.version + 1,
        updated_at = now()
    where t.project_id = $1
      and t.priority   = $2
    returning t.id, t.closed_at is null and t.deleted_at is null as is_open
),
noted as (
    insert into event_outbox (project_id, kind, actor_user_id, actor_token_id, subject_kind, subject_id, data)
    select $1,
           'task.edited',
           $4,
           $5,
           'task',
           m.id,
           jsonb_build_object('changed', jsonb_build_object('priority', jsonb_build_array($2::smallint, $3::smallint)))
    from moved m
    where m.is_open
)
select count(*) as "open_tasks!"
from moved
where is_open
