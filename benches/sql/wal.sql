-- What has been written to the write-ahead log since the cluster began.
select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as "bytes!",
       w.wal_fpi::float8                                          as "pages!"
from pg_stat_wal w
