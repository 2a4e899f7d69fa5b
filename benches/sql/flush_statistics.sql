-- Publishes what this connection has counted at once, and not up to a second later.
select pg_stat_force_next_flush()
