-- Instance-wide: moves what has been committed from the outbox into `events`, with the next
-- positions, and wakes the listeners of every process.
--
-- The relay's lock is held. Outbox ids are drawn before commit, so a lower one can turn up later: it
-- then gets a later position, and no reader has passed it. Rows are counted after the join:
-- those of a project that was deleted are dropped, and positions have no holes.
--
-- One notification for the batch: in every writer's transaction it would serialise their commits.
--
-- $1 most rows
with batch as materialized (
    select id
    from event_outbox
    order by id
    limit $1
),
gone as (
    delete from event_outbox o
    using batch b
    where o.id = b.id
    returning o.*
),
numbered as (
    insert into events
           (position, project_id, kind, actor_user_id, actor_token_id, subject_kind, subject_id, data, at)
    select r.last_position + row_number() over (order by g.id),
           g.project_id, g.kind, g.actor_user_id, g.actor_token_id, g.subject_kind, g.subject_id, g.data, g.at
    from gone g
    join projects p on p.id = g.project_id
    cross join event_relay r
    returning position
),
figures as (
    select count(*) as count, max(position) as position from numbered
),
noted as (
    update event_relay r
    set last_position = f.position
    from figures f
    where f.count > 0
)
select f.count as "count!",
       case when f.count > 0 then pg_notify('nottario_events', f.position::text)::text end as notified
from figures f
