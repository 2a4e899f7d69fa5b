//! Removes what is kept for a while only.

use std::time::Duration;

use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::{Context, Job};
use crate::error::Result;
use crate::identity::{links, sessions};

/// Removes stored answers of repeated calls after a day, sessions and sign-in links that have ended,
/// and finished jobs, ticks and the rows of dead workers after a week. What failed for good stays
/// until the operator has seen it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Purge {}

impl Job for Purge {
    const QUEUE: &'static str = "purge";
    const EVERY: Duration = Duration::from_hours(1);
    const LIMIT: Duration = Duration::from_mins(5);
    const MOST_ATTEMPTS: u8 = 3;

    async fn run(&self, context: &Context) -> Result<()> {
        let mut db = context.pool.acquire().await?;
        sqlx::query_file!("sql/jobs/purge_idempotency_keys.sql").execute(&mut *db).await?;
        let now = Utc::now();
        sessions::purge(&mut db, now).await?;
        links::purge(&mut db, now).await?;
        sqlx::query_file!("sql/jobs/purge_jobs.sql").execute(&mut *db).await?;
        sqlx::query_file!("sql/jobs/purge_workers.sql").execute(&mut *db).await?;
        sqlx::query_file!("sql/jobs/purge_ticks.sql").execute(&mut *db).await?;
        Ok(())
    }
}
