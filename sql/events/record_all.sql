-- Writes events into the outbox, in the order given; the relay numbers them after the commit.
--
-- $1 project   $2 person or null   $3 token or null
-- $4 kinds   $5 subject kinds   $6 subject ids   $7 data
insert into event_outbox (project_id, kind, actor_user_id, actor_token_id, subject_kind, subject_id, data)
select $1, e.kind, $2, $3, e.subject_kind, e.subject_id, e.data
from unnest($4::text[], $5::text[], $6::uuid[], $7::jsonb[])
     with ordinality as e (kind, subject_kind, subject_id, data, nth)
order by e.nth
