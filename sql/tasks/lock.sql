-- Locks one task and reads what the rules look at.
--
-- Not `for update`: a comment being written holds a key-share lock, and need not be waited for.
-- The names are asked for in sub-selects: when the lock had to be waited for, PostgreSQL looks at
-- the row's newest version, but joins it with what its former version was joined with.
--
-- $1 project   $2 task
select t.id               as "id: TaskId",
       p.key || '-' || t.number as "key!",
       t.type             as "kind: TaskType",
       t.title,
       t.state            as "state: TaskState",
       t.priority,
       t.ready            as "ready!",
       t.parent_id        as "parent_id: TaskId",
       t.cycle_id         as "cycle_id: CycleId",
       t.assignee_id      as "assignee_id: UserId",
       t.target_role_id   as "target_role_id: RoleId",
       t.open_prerequisites,
       t.open_children,
       t.claim_id         as "claim_id: ClaimId",
       t.holder_user_id   as "holder_user_id: UserId",
       t.holder_token_id  as "holder_token_id: TokenId",
       (select u.login from users u where u.id = t.holder_user_id) as "holder",
       (
           select k.name
           from tokens k
           where k.project_id = $1
             and k.id = t.holder_token_id
       )                  as "holder_token",
       t.claimed_at,
       t.version
from tasks t
join projects p on p.id = t.project_id
where t.project_id = $1
  and t.id = $2
  and t.deleted_at is null
for no key update of t
