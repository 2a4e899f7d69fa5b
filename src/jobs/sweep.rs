//! Puts the tasks of dead agents back into the queue.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Context, Job};
use crate::access::enter_as_system;
use crate::error::Result;
use crate::tasks::expire_claims;

/// Ends the claims whose lease has run out, in every project.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Sweep {}

/// How many claims one transaction ends: it holds their rows for a few milliseconds only.
const BATCH: u32 = 500;

impl Job for Sweep {
    const QUEUE: &'static str = "lease-sweep";
    const EVERY: Duration = Duration::from_secs(20);
    const LIMIT: Duration = Duration::from_secs(30);
    // The next tick is the next attempt.
    const MOST_ATTEMPTS: u8 = 1;

    async fn run(&self, context: &Context) -> Result<()> {
        let projects = sqlx::query_file_scalar!("sql/jobs/lapsed_projects.sql")
            .fetch_all(&context.pool)
            .await?;
        for project in projects {
            loop {
                let mut tx = context.pool.begin().await?;
                let scope = enter_as_system(&mut tx, project).await?;
                let ended = expire_claims(&mut tx, &scope, BATCH).await?;
                tx.commit().await?;
                if ended > 0 {
                    tracing::info!(%project, ended, "claims ended because their lease ran out");
                    context.relay.wake();
                }
                if ended < u64::from(BATCH) {
                    break;
                }
            }
        }
        Ok(())
    }
}
