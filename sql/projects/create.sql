-- Makes a project with its counter, its first cycle, its owner as a member with all roles, and its
-- buckets. One statement: there is no moment at which a part is missing.
--
-- $1 project   $2 slug   $3 key   $4 name   $5 owner   $6 first cycle
-- $7 role ids   $8 role keys   $9 role labels   $10 role colours
-- $11 bucket keys   $12 bucket values   $13 default bucket
with project as (
    insert into projects (id, slug, key, name, owner_id)
    values ($1, $2, $3, $4, $5)
    returning id, cycle_label
),
counter as (
    insert into task_counters (project_id)
    select id from project
),
cycle as (
    insert into cycles (project_id, id, name, position)
    select id, $6, cycle_label || '-1', 1 from project
),
owner as (
    insert into members (project_id, user_id)
    select id, $5 from project
),
role as (
    insert into roles (project_id, id, key, label, color, position)
    select p.id, r.id, r.key, r.label, r.color, r.position
    from project p
    cross join unnest($7::uuid[], $8::text[], $9::text[], $10::text[])
         with ordinality as r (id, key, label, color, position)
    returning project_id, id
),
held as (
    insert into member_roles (project_id, user_id, role_id)
    select project_id, $5, id from role
)
insert into buckets (project_id, key, value, is_default)
select p.id, b.key, b.value, b.key = $13
from project p
cross join unnest($11::text[], $12::smallint[]) as b (key, value)
