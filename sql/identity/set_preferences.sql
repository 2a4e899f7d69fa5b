-- Keeps how a person likes the pages.
--
-- $1 person   $2 theme   $3 density   $4 whether single keys do something
update users
set theme       = $2,
    density     = $3,
    single_keys = $4
where id = $1
