-- Reserves an idempotency key for one call; no row when another call has it.
--
-- Waits for a transaction that is reserving the same key at this moment: after its commit the key is
-- taken, after its rollback it is free. An answer that is too old makes room.
--
-- $1 project   $2 token   $3 key   $4 tool   $5 digest of the arguments   $6 now   $7 oldest answer that counts
insert into idempotency_keys as k (project_id, token_id, key, tool, arguments_hash, created_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (project_id, token_id, key) do update
set tool           = excluded.tool,
    arguments_hash = excluded.arguments_hash,
    result         = null,
    created_at     = excluded.created_at
where k.created_at < $7
returning true as "reserved!"
