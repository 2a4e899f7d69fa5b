-- What `nottario doctor` asks the server: whether our role owns the database, the server's clock,
-- and the time limit that statements have by default.
select pg_has_role(current_user, d.datdba, 'usage') as "owns_database!",
       clock_timestamp()                            as "clock!",
       current_setting('statement_timeout')         as "statement_timeout!"
from pg_database d
where d.datname = current_database()
