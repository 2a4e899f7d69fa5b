-- The server process that answers this connection.
select pg_backend_pid() as "pid!"
