-- A page of tasks as cards, best first.
--
-- A filter that is null does not narrow. The cursor is the last row of the page before. Open tasks are
-- read in the order of their index, and closed ones in the order of theirs, cycle by cycle: whatever
-- the project's size, no more rows are sorted than a page has for each cycle. The page becomes an array,
-- because the planner does not reorder as many joins as the cards have.
--
-- $1 project   $2 cycle   $3 state   $4 closed ones too   $5 type   $6 assignee   $7 unassigned only
-- $8 target role   $9 parent   $10 children too   $11 ready   $12 held by this token
-- $13 part of the title, escaped for `ilike`   $14 number   $15 cursor's priority   $16 cursor's number   $17 limit
with listed as (
    (
        select t.id, t.priority, t.number
        from tasks t
        where t.project_id = $1
          and t.closed_at is null
          and t.deleted_at is null
          and ($3::text is null or $3 in ('todo', 'doing'))
          and ($2::uuid is null or t.cycle_id = $2)
          and is_listed(t, $3, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        order by t.priority desc, t.number
        limit $17
    )
    union all
    select closed.id, closed.priority, closed.number
    from cycles cy
    cross join lateral (
        select t.id, t.priority, t.number
        from tasks t
        where t.project_id = $1
          and t.cycle_id = cy.id
          and t.closed_at is not null
          and t.deleted_at is null
          and is_listed(t, $3, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        order by t.priority desc, t.number
        limit $17
    ) closed
    where cy.project_id = $1
      and $4
      and ($3::text is null or $3 in ('done', 'wont_do'))
      and ($2::uuid is null or cy.id = $2)
),
page as (
    select l.id
    from listed l
    order by l.priority desc, l.number
    limit $17
)
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
  and c.id = any (array(select page.id from page))
order by c.priority desc, c.number
