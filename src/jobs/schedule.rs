//! When jobs run by themselves: once for each tick, across however many processes.

use std::time::Duration;

use apalis::prelude::TaskBuilder;
use apalis_postgres::queries::push_tasks;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::Job;
use crate::error::{Error, Result, chain};

/// Enqueues a job at each tick of its schedule until `stop`, beginning with the one that has begun.
pub(super) async fn run<J: Job>(pool: &PgPool, stop: &CancellationToken) {
    loop {
        let now = Utc::now();
        let at = tick_before(now, J::EVERY);
        // A failure is made up for at the next tick, which comes soon or is tried again.
        let pause = match tick::<J>(pool, at).await {
            Ok(_) => at + J::EVERY - Utc::now(),
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(schedule = J::QUEUE, error, "a tick could not be enqueued");
                TimeDelta::seconds(1)
            }
        };
        let pause = pause.to_std().unwrap_or_default();
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
    }
}

/// Enqueues the job of one tick, unless another process has; answers whether it was this one.
pub async fn tick<J: Job>(pool: &PgPool, at: DateTime<Utc>) -> Result<bool> {
    let mut tx = pool.begin().await?;
    let is_first = sqlx::query_file!("sql/jobs/claim_tick.sql", J::QUEUE, at)
        .execute(&mut *tx)
        .await?
        .rows_affected()
        == 1;
    if is_first {
        let arguments = serde_json::to_vec(&J::default()).map_err(Error::internal)?;
        let job = TaskBuilder::new(arguments).max_attempts(usize::from(J::MOST_ATTEMPTS)).build();
        push_tasks(&mut *tx, J::QUEUE, vec![job]).await.map_err(Error::internal)?;
    }
    tx.commit().await?;
    Ok(is_first)
}

/// The last whole multiple of `every` since 1970: the same in every process.
fn tick_before(now: DateTime<Utc>, every: Duration) -> DateTime<Utc> {
    let every = i64::try_from(every.as_secs()).unwrap_or(i64::MAX).max(1);
    let second = now.timestamp().div_euclid(every) * every;
    DateTime::from_timestamp(second, 0).unwrap_or(now)
}
