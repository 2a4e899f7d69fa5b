-- Open tasks. The rare role's tasks are spread evenly. Of every hundred, the first is never blocked:
-- it is what the blocked ones of its hundred wait for, see seed_edges.sql.
--
-- $1 project   $2 last number so far   $3 how many   $4 how many of a hundred are blocked
-- $5 how many ask for qa   $6 whether one in three of the others asks for no role
insert into tasks (
    project_id, id, number, cycle_id, title, priority, target_role_id,
    open_prerequisites, linked, created_by_user_id
)
select $1,
       (lpad(to_hex(n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
       n,
       (select c.id from cycles c where c.project_id = $1 and c.closed_at is null),
       'Open task ' || n,
       (array[30, 60, 90, 100])[1 + (hashint4(n) & 3)],
       case
           when i * $5::int::bigint / $3::int > (i - 1) * $5::int::bigint / $3::int then r.qa
           when $6::boolean and n % 3 = 0 then null
           when n % 2 = 0 then r.backend
           else r.frontend
       end,
       (b.place >= 100 - $4::int)::int,
       b.place >= 100 - $4::int or b.place = 0 and $4::int > 0,
       p.owner_id
from generate_series(1, $3::int) i
cross join lateral (select i + $2::int as n) number
-- Spread over the hundred; the first has place 0.
cross join lateral (select (i - 1) * 37 % 100 as place) b
cross join (select owner_id from projects where id = $1) p
cross join (
    select (array_agg(id) filter (where key = 'qa'))[1]       as qa,
           (array_agg(id) filter (where key = 'backend'))[1]  as backend,
           (array_agg(id) filter (where key = 'frontend'))[1] as frontend
    from roles
    where project_id = $1
) r
