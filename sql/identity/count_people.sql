-- Instance-wide: how many people have these letters in their login or name.
--
-- $1 letters; all people when empty
select count(*) as "count!"
from users u
where strpos(lower(u.login), lower($1)) > 0
   or strpos(lower(u.display_name), lower($1)) > 0
