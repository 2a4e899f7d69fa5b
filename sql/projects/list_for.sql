-- Instance-wide: the projects that a person may see, in the order of their names, with how the
-- tasks of their open cycles stand.
--
-- The last activity is read off the end of the project's events: one probe of an index for each.
--
-- $1 person   $2 whether it sees every project, as administrators do
select p.id                     as "id: _",
       p.slug,
       p.key,
       p.name,
       left(p.description, 500) as "description!",
       p.default_view           as "default_view: _",
       u.login                  as owner,
       p.owner_id = $1          as "is_owner!",
       mine.user_id is not null as "is_member!",
       p.archived_at,
       c.name                   as "cycle!",
       c.todo                   as "todo!",
       c.doing                  as "doing!",
       c.done                   as "done!",
       c.wont_do                as "wont_do!",
       (
           select count(*)
           from members m
           where m.project_id = p.id
       )                        as "members!",
       (
           select e.at
           from events e
           where e.project_id = p.id
           order by e.position desc
           limit 1
       )                        as last_activity_at
from projects p
join users u on u.id = p.owner_id
join cycle_cards c on c.project_id = p.id and c.closed_at is null
left join members mine on mine.project_id = p.id and mine.user_id = $1
where $2 or mine.user_id is not null
order by lower(p.name), p.slug
