-- Makes a person a member; answers nothing when it is one already.
--
-- $1 project   $2 person
insert into members (project_id, user_id)
values ($1, $2)
on conflict do nothing
returning user_id
