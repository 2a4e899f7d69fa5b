-- Tasks that were done long ago, with the lowest numbers.
--
-- Ids sort in the order of the numbers, as those of version 7 do.
--
-- $1 project   $2 how many
insert into tasks (
    project_id, id, number, cycle_id, title, state, priority, assignee_id,
    started_at, closed_at, version, created_by_user_id
)
select $1,
       (lpad(to_hex(n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
       n,
       (select c.id from cycles c where c.project_id = $1 and c.closed_at is null),
       'Done task ' || n,
       'done',
       (array[30, 60, 90, 100])[1 + (hashint4(n) & 3)],
       p.owner_id,
       now() - interval '100 days',
       now() - interval '99 days',
       3,
       p.owner_id
from generate_series(1, $2::int) n
cross join (select owner_id from projects where id = $1) p
