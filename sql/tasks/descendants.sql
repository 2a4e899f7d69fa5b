-- A feature's children, their children and so on, with who holds them.
--
-- $1 project   $2 feature
with recursive below as (
    select t.id
    from tasks t
    where t.project_id = $1
      and t.parent_id = $2
      and t.deleted_at is null
    union all
    select t.id
    from below
    join tasks t on t.project_id = $1 and t.parent_id = below.id and t.deleted_at is null
)
select t.id              as "id!: TaskId",
       p.key || '-' || t.number as "key!",
       t.state           as "state!: TaskState",
       t.holder_user_id  as "holder_user_id: UserId",
       t.holder_token_id as "holder_token_id: TokenId"
from below
join tasks t on t.project_id = $1 and t.id = below.id
join projects p on p.id = $1
order by t.number
