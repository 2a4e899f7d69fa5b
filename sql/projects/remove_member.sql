-- Takes a person out of a project, unless it owns it; answers whether it does, and nothing when it
-- is not a member.
--
-- The look locks the row, so the answer holds until the transaction ends.
--
-- $1 project   $2 person
with member as (
    select m.project_id,
           m.user_id,
           p.owner_id = m.user_id as is_owner
    from members m
    join projects p on p.id = m.project_id
    where m.project_id = $1
      and m.user_id    = $2
    for update of m
),
removed as (
    delete from members m
    using member
    where m.project_id = $1
      and m.user_id    = member.user_id
      and not member.is_owner
)
select is_owner as "is_owner!" from member
