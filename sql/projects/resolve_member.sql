-- A member by id or login. Should a login look like an id, the id is meant.
--
-- $1 project   $2 id or null   $3 login
select m.user_id
from members m
join users u on u.id = m.user_id
where m.project_id = $1
  and (m.user_id = $2 or lower(u.login) = lower($3))
order by m.user_id = $2 desc nulls last
limit 1
