-- Why nothing was handed out: what becomes of the open tasks, one reason for each.
--
-- Looks at the best $3 open tasks and no more, so that an idle agent's question stays cheap in a huge backlog.
--
-- $1 project   $2 the lanes that the caller may take from   $3 at most so many
select count(*) filter (where f.reason = 'blocked')            as "blocked!",
       count(*) filter (where f.reason = 'assigned_to_others') as "assigned_to_others!",
       count(*) filter (where f.reason = 'other_roles')        as "other_roles!",
       count(*) filter (where f.reason = 'in_progress')        as "in_progress!",
       count(*) filter (where f.reason = 'outside_filter')     as "outside_filter!"
from (
    select case
               when t.state = 'doing' then 'in_progress'
               when not t.ready then 'blocked'
               when t.lane = any ($2) then 'outside_filter'
               when t.assignee_id is not null then 'assigned_to_others'
               else 'other_roles'
           end as reason
    from tasks t
    where t.project_id = $1
      and t.closed_at is null
      and t.deleted_at is null
    order by t.priority desc, t.number
    limit $3
) f
