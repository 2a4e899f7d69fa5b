//! Background jobs: failures are recorded and tried again with a pause, a tick runs once, and what
//! a dead worker left is taken up again.

use std::time::Duration;

use apalis::prelude::Monitor;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{join, join_all};
use nottario::error::{Error, Result};
use nottario::events::RelayHandle;
use nottario::jobs::{self, Context, Job, Purge, Sweep};
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection, PgPool, Row as _};
use tokio::task::JoinHandle;

use super::host::{eventually, host};
use super::ledger::{number, rows};
use crate::cluster;
use crate::server::Server;
use crate::world::patient_pool;

const HOUR: Duration = Duration::from_hours(1);

/// Counts its runs in the database, and fails.
#[derive(Default, Serialize, Deserialize)]
struct Failing {}

impl Job for Failing {
    const QUEUE: &'static str = "test-failing";
    const EVERY: Duration = HOUR;
    const LIMIT: Duration = HOUR;
    const MOST_ATTEMPTS: u8 = 2;

    async fn run(&self, context: &Context) -> Result<()> {
        sqlx::raw_sql("insert into runs values ('failing')").execute(&context.pool).await?;
        Err(Error::internal("the printer is on fire"))
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Panicking {}

impl Job for Panicking {
    const QUEUE: &'static str = "test-panicking";
    const EVERY: Duration = HOUR;
    const LIMIT: Duration = HOUR;
    const MOST_ATTEMPTS: u8 = 2;

    async fn run(&self, context: &Context) -> Result<()> {
        sqlx::raw_sql("insert into runs values ('panicking')").execute(&context.pool).await?;
        panic!("out of {}", "cheese")
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Endless {}

impl Job for Endless {
    const QUEUE: &'static str = "test-endless";
    const EVERY: Duration = HOUR;
    const LIMIT: Duration = Duration::from_secs(1);
    const MOST_ATTEMPTS: u8 = 2;

    async fn run(&self, context: &Context) -> Result<()> {
        sqlx::raw_sql("insert into runs values ('endless')").execute(&context.pool).await?;
        std::future::pending().await
    }
}

/// Works off all three kinds until it is aborted.
fn work(pool: &PgPool) -> JoinHandle<()> {
    let context = Context { pool: pool.clone(), relay: RelayHandle::default() };
    let monitor = jobs::register::<Failing>(Monitor::new(), &context);
    let monitor = jobs::register::<Panicking>(monitor, &context);
    let monitor = jobs::register::<Endless>(monitor, &context);
    tokio::spawn(async move { drop(monitor.run().await) })
}

/// At least so many: on a slow machine one kind is at its second attempt before another has ended
/// its first.
async fn until_failed(pool: &PgPool, attempts: u32) {
    eventually("every attempt is recorded as failed", async || {
        let failed = format!(
            "select count(*) from apalis.jobs \
             where job_type like 'test-%' and status = 'Failed' and attempts >= {attempts}"
        );
        number(pool, &failed).await == 3
    })
    .await;
}

#[tokio::test]
async fn a_job_that_fails_panics_or_hangs_is_tried_again_later_and_not_for_ever() {
    let database = cluster::database().await;
    let pool = &patient_pool(&database, 20);
    sqlx::raw_sql("create table runs (of text)").execute(pool).await.unwrap();
    let workers = work(pool);
    let at = DateTime::from_timestamp(0, 0).unwrap();
    assert!(jobs::tick::<Failing>(pool, at).await.unwrap());
    assert!(jobs::tick::<Panicking>(pool, at).await.unwrap());
    assert!(jobs::tick::<Endless>(pool, at).await.unwrap());

    until_failed(pool, 1).await;
    let recorded = "select job_type, last_result::text, run_at > done_at from apalis.jobs \
                    where job_type like 'test-%' order by job_type";
    let recorded = rows(pool, recorded).await;
    for (row, (queue, reason)) in recorded.iter().zip([
        ("test-endless", "took longer than 1 s"),
        ("test-failing", "something went wrong on our side"),
        ("test-panicking", "panicked: out of cheese"),
    ]) {
        assert_eq!(row.get::<String, _>(0), queue);
        let said: String = row.get(1);
        assert!(said.contains(reason), "{queue}: {said}");
        assert!(row.get::<bool, _>(2), "{queue} is tried again without a pause");
    }
    let_the_pause_be_over(pool).await;
    until_failed(pool, 2).await;
    let_the_pause_be_over(pool).await;
    until_every_worker_has_looked(pool).await;

    let runs = "select count(*) from runs group by of order by of";
    let runs: Vec<i64> = rows(pool, runs).await.iter().map(|row| row.get(0)).collect();
    assert_eq!(runs, [2, 2, 2]);
    workers.abort();
}

async fn let_the_pause_be_over(pool: &PgPool) {
    let over = "update apalis.jobs set run_at = now() - interval '1 second' \
                where job_type like 'test-%'";
    sqlx::raw_sql(over).execute(pool).await.unwrap();
}

/// A worker looks for work each time it says that it is alive.
async fn until_every_worker_has_looked(pool: &PgPool) {
    let now: String = rows(pool, "select clock_timestamp()::text").await[0].get(0);
    for _ in 0..2 {
        let looked = format!(
            "select count(*) from apalis.workers \
             where worker_type like 'test-%' and last_seen > '{now}'"
        );
        eventually("every worker looks", async || number(pool, &looked).await >= 3).await;
    }
}

#[tokio::test]
async fn a_tick_becomes_one_job_however_many_processes_see_it() {
    let database = cluster::database().await;
    let pool = &patient_pool(&database, 16);
    // No tick of the schedule itself, and too young to be purged.
    let at = Utc::now() - TimeDelta::minutes(61);

    let (one, other) = join(host(&database), host(&database)).await;
    let raced = join_all((0..16).map(|_| jobs::tick::<Sweep>(pool, at))).await;

    assert_eq!(raced.into_iter().filter(|first| *first.as_ref().unwrap()).count(), 1);
    // The tick of this test, and one of each schedule at least; the schedules go on meanwhile.
    eventually("every tick's job is over", async || {
        number(pool, "select count(*) from schedule_ticks").await >= 3
            && number(pool, "select count(*) from apalis.jobs where status <> 'Done'").await == 0
    })
    .await;
    let difference =
        "select (select count(*) from schedule_ticks) - (select count(*) from apalis.jobs)";
    assert_eq!(number(pool, difference).await, 0);
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_process_was_killed_is_taken_up_by_another() {
    let database = cluster::database().await;
    let pool = &database.pool;
    // The purge that every start orders has to wait in its middle.
    let mut brake = PgConnection::connect_with(&database.connect_options).await.unwrap();
    let hold = "begin; lock table idempotency_keys in access exclusive mode";
    sqlx::raw_sql(hold).execute(&mut brake).await.unwrap();
    let url = database.url();
    let mut first = tokio::task::block_in_place(|| Server::start(&[("DATABASE_URL", &url)]));
    let running =
        "select id, lock_by from apalis.jobs where job_type = 'purge' and status = 'Running'";
    eventually("the purge runs", async || rows(pool, running).await.len() == 1).await;
    let interrupted = rows(pool, running).await;
    let (job, worker): (String, String) = (interrupted[0].get(0), interrupted[0].get(1));

    first.kill();
    sqlx::raw_sql("rollback").execute(&mut brake).await.unwrap();
    let silent = "update apalis.workers set last_seen = now() - interval '1 hour' \
                  where worker_type = 'purge'";
    sqlx::raw_sql(silent).execute(pool).await.unwrap();
    let _second = tokio::task::block_in_place(|| Server::start(&[("DATABASE_URL", &url)]));
    // By its id: the second start orders a purge of its own when a new tick has begun since.
    let done = format!("select lock_by from apalis.jobs where id = '{job}' and status = 'Done'");
    eventually("the interrupted purge is done", async || rows(pool, &done).await.len() == 1).await;

    let successor: String = rows(pool, &done).await[0].get(0);
    assert_ne!(successor, worker);
}

#[tokio::test]
async fn workers_survive_the_loss_of_all_their_connections() {
    let database = cluster::database().await;
    let running = host(&database).await;
    let pool = &patient_pool(&database, 1);
    eventually("the first jobs are done", async || {
        let open = "select count(*) filter (where status <> 'Done') + (count(*) = 0)::int \
                    from apalis.jobs";
        number(pool, open).await == 0
    })
    .await;

    let end = "select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity \
               where datname = current_database() and pid <> pg_backend_pid()";
    assert!(number(pool, end).await > 2, "nothing was connected");
    assert!(jobs::tick::<Purge>(pool, DateTime::from_timestamp(0, 0).unwrap()).await.unwrap());

    eventually("the next job is done too", async || {
        let done = "select count(*) from apalis.jobs where job_type = 'purge' and status = 'Done'";
        number(pool, done).await >= 2
    })
    .await;
    running.stop().await;
}
