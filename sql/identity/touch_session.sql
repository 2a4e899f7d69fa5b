-- Notes that a person was here in this browser, unless that was noted a moment ago.
--
-- $1 session   $2 this moment   $3 a moment ago
with touched as (
    update sessions s
    set last_seen_at = $2
    where s.id            = $1
      and s.last_seen_at <= $3
    returning s.user_id
)
update users u
set last_seen_at = greatest(u.last_seen_at, $2)
from touched
where u.id = touched.user_id
