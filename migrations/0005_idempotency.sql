-- What a call with an idempotency key answered, so that a repeat has one effect.
create table idempotency_keys (
    project_id     uuid not null,
    token_id       uuid not null,
    key            text not null constraint idempotency_keys_key_check check (char_length(key) between 1 and 64),
    tool           text not null,
    arguments_hash bytea not null,
    -- Null only inside the transaction that is carrying the call out.
    result         jsonb,
    created_at     timestamptz not null default now(),
    primary key (project_id, token_id, key),
    foreign key (project_id, token_id) references tokens (project_id, id) on delete cascade
);
create index idempotency_keys_age on idempotency_keys (created_at);
