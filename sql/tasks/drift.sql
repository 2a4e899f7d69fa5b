-- Tasks whose stored counters differ from the definition, computed from scratch. Always none.
--
-- $1 project
select t.id                 as "id!: TaskId",
       t.number             as "number!",
       t.open_prerequisites as "open_prerequisites!",
       truth.prerequisites  as "true_prerequisites!",
       t.open_children      as "open_children!",
       truth.children       as "true_children!",
       t.linked             as "linked!",
       truth.is_linked      as "is_linked!"
from tasks t
cross join lateral (
    select (
               select count(*)::int
               from task_dependencies d
               join tasks p on p.project_id = $1 and p.id = d.depends_on_id
               where d.project_id = $1
                 and d.task_id = t.id
                 and p.state in ('todo', 'doing')
                 and p.deleted_at is null
           ) as prerequisites,
           (
               select count(*)::int
               from tasks c
               where c.project_id = $1
                 and c.parent_id = t.id
                 and c.state in ('todo', 'doing')
                 and c.deleted_at is null
           ) as children,
           t.parent_id is not null
               or exists (select from task_dependencies d where d.project_id = $1 and d.task_id = t.id)
               or exists (select from task_dependencies d where d.project_id = $1 and d.depends_on_id = t.id)
               or exists (select from tasks c where c.project_id = $1 and c.parent_id = t.id)
               as is_linked
) truth
where t.project_id = $1
  and (t.open_prerequisites <> truth.prerequisites
       or t.open_children <> truth.children
       or truth.is_linked and not t.linked)
order by t.number
