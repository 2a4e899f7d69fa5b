-- The record of changes. A transaction writes its events into the outbox and nothing else; the
-- relay moves what has been committed into `events`, where it gets its position.

create table event_outbox (
    id             bigint generated always as identity primary key,
    -- Not a foreign key: every claim of a project would lock the project's one row. The relay leaves
    -- out what belongs to a project that is gone.
    project_id     uuid not null,
    kind           text not null,
    actor_user_id  uuid,
    actor_token_id uuid,
    subject_kind   text not null,
    subject_id     uuid not null,
    data           jsonb not null default '{}',
    at             timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

-- Append-only. Positions are dense, and in the same order for every reader.
create table events (
    position       bigint primary key,
    project_id     uuid not null references projects on delete cascade,
    kind           text not null,
    actor_user_id  uuid,
    actor_token_id uuid,
    subject_kind   text not null,
    subject_id     uuid not null,
    data           jsonb not null,
    at             timestamptz not null
);
create index events_project on events (project_id, position);
create index events_subject on events (project_id, subject_id, position);

-- How far the relay has numbered: one row. Not read off `events`, whose last rows go with their
-- project, and a position must never be given twice.
create table event_relay (
    only_row      boolean primary key default true constraint event_relay_only_row_check check (only_row),
    last_position bigint not null default 0
);
insert into event_relay default values;
