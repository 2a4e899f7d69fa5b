-- Instance-wide: the live token with this hash, whose person is still a member of its project.
--
-- The hash comes back to be compared once more, in constant time.
--
-- $1 hash   $2 this moment
select t.id,
       t.project_id,
       t.user_id,
       t.name,
       t.hash,
       t.last_used_at,
       p.slug
from tokens t
join projects p on p.id = t.project_id
join members m on m.project_id = t.project_id and m.user_id = t.user_id
where t.hash = $1
  and t.revoked_at is null
  and (t.expires_at is null or t.expires_at > $2)
