-- What the server says of itself: its version, this database's size, and how many connections it
-- has of how many there may be.
select split_part(current_setting('server_version'), ' ', 1) as "version!",
       pg_database_size(current_database())                 as "size!",
       (select count(*)
        from pg_stat_activity a
        where a.datname = current_database())               as "connections!",
       current_setting('max_connections')::bigint           as "most_connections!"
