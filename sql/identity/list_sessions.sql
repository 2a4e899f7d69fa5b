-- The live sessions of a person, the one used last first.
--
-- $1 person   $2 the last moment of use before which one has ended
-- $3 the moment of sign-in before which one has ended   $4 the session that asks
select s.id          as "id: _",
       s.browser,
       s.created_at,
       s.last_seen_at,
       s.id = $4     as "is_this!"
from sessions s
where s.user_id      = $1
  and s.last_seen_at > $2
  and s.created_at   > $3
order by s.last_seen_at desc, s.id desc
