-- Tells whether a table is there; an unknown schema counts as no.
--
-- $1 the table, with its schema where it is not in the search path
select to_regclass($1::text) is not null as "exists!"
