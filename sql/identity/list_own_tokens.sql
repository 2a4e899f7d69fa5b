-- Instance-wide: a person's own tokens that are not revoked, by project, the newest first.
--
-- $1 person
select t.id                     as "id: _",
       t.project_id             as "project_id: _",
       p.slug                   as project_slug,
       p.key                    as project_key,
       p.name                   as project_name,
       p.archived_at is not null as "is_archived!",
       t.name,
       t.prefix,
       r.key                    as "default_role?",
       t.created_at,
       t.expires_at,
       t.last_used_at
from tokens t
join projects p on p.id = t.project_id
left join roles r on r.project_id = t.project_id and r.id = t.default_role_id
where t.user_id = $1
  and t.revoked_at is null
order by lower(p.name), p.slug, t.created_at desc, t.id desc
