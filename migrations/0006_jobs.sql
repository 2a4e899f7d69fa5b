-- One row per schedule and tick: whichever process inserts it enqueues the job, in the same transaction.
create table schedule_ticks (
    schedule text not null,
    at       timestamptz not null,
    primary key (schedule, at)
);
