-- The tokens of a project that are not revoked, newest first. What could help somebody to find
-- or to take another one's token is left out.
--
-- $1 project   $2 the reader, or null   $3 whether the reader sees everybody's
select t.id                                                as "id: _",
       t.user_id                                           as "user_id: _",
       u.login                                             as "user!",
       case when $3 or t.user_id = $2 then t.name end      as name,
       case when $3 or t.user_id = $2 then t.prefix end    as prefix,
       r.key                                               as "default_role?",
       t.created_at,
       t.expires_at,
       t.last_used_at
from tokens t
join users u on u.id = t.user_id
left join roles r on r.project_id = t.project_id and r.id = t.default_role_id
where t.project_id = $1
  and t.revoked_at is null
order by t.created_at desc, t.id desc
