-- What autovacuum would have done by the time a real backlog is this large.
vacuum (analyze)
