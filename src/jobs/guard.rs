//! What every attempt at a job needs: a time limit, a net for panics, and a pause before the next.
//!
//! It stands inside the handler because apalis records an outcome only for what the handler
//! itself returns: an attempt that its own layers cut off would stay "running" for ever.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use apalis::prelude::BoxDynError;
use futures_util::FutureExt as _;

use super::Context;
use crate::error::{Result, chain};

/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// Runs one attempt. A failure of any kind is an ordinary error, and moves the job's next attempt
/// into the future; without that, apalis would take the job up again at once.
pub async fn guard(
    context: &Context,
    queue: &'static str,
    job: &str,
    attempt: usize,
    limit: Duration,
    work: impl Future<Output = Result<()>>,
) -> Result<(), BoxDynError> {
    let outcome: Result<(), BoxDynError> =
        match tokio::time::timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => Err(error.into()),
            Ok(Err(panic)) => Err(format!("panicked: {}", message(&*panic)).into()),
            Err(_) => Err(format!("took longer than {} s", limit.as_secs()).into()),
        };
    if let Err(error) = &outcome {
        tracing::warn!(queue, job, attempt, error = %chain(error.as_ref()), "a job failed");
        let pause = pause_after(attempt);
        sqlx::query_file!("sql/jobs/postpone.sql", job, pause.as_secs_f64())
            .execute(&context.pool)
            .await?;
    }
    outcome
}

fn pause_after(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}
