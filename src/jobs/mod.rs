//! Background work on apalis, stored in PostgreSQL: each kind of job is a queue of its own.
//!
//! A job is shallow: it decodes its arguments and calls a domain function that a test can call
//! too. Every job may run more than once, and one run happens across however many processes. What
//! apalis' own time-out, panic and retry layers do not do with the PostgreSQL store, [`guard`] does.

mod guard;
mod purge;
mod schedule;
mod sweep;

use std::time::Duration;

use apalis::prelude::{Attempt, BoxDynError, Data, Monitor, TaskId, WorkerBuilder};
use apalis_postgres::{Config, PostgresStorage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use guard::guard;
pub use purge::Purge;
pub use schedule::tick;
pub use sweep::Sweep;

use crate::error::Result;
use crate::events::RelayHandle;

/// What jobs work with.
#[derive(Clone, Debug)]
pub struct Context {
    /// The database.
    pub pool: PgPool,
    /// To be woken after a job has written events.
    pub relay: RelayHandle,
}

/// One kind of background work.
pub trait Job: Serialize + DeserializeOwned + Default + Send + Sync + Unpin + 'static {
    /// The queue; also the schedule's name. Stored, and never changed.
    const QUEUE: &'static str;
    /// How often it runs by itself.
    const EVERY: Duration;
    /// How long one attempt may take.
    const LIMIT: Duration;
    /// After so many failures it is left for the operator to look at.
    const MOST_ATTEMPTS: u8;

    /// Does the work.
    fn run(&self, context: &Context) -> impl Future<Output = Result<()>> + Send;
}

/// Runs every queue and every schedule until `stop`; a job that is running then is finished.
pub async fn run(context: Context, stop: CancellationToken) {
    let workers = register::<Sweep>(Monitor::new(), &context);
    let workers = register::<Purge>(workers, &context)
        .should_restart(|worker, error| {
            tracing::warn!(worker = worker.name(), %error, "a job worker failed and starts again");
            true
        })
        .shutdown_timeout(STOP_LIMIT)
        .run_with_signal({
            let stop = stop.clone();
            async move {
                stop.cancelled().await;
                Ok(())
            }
        });
    let (ended, (), ()) = tokio::join!(
        workers,
        schedule::run::<Sweep>(&context.pool, &stop),
        schedule::run::<Purge>(&context.pool, &stop),
    );
    if let Err(error) = ended {
        tracing::error!(%error, "the job workers did not end cleanly");
    }
}

/// A running job gets so long to finish when the process stops; cut off, it is taken up again later.
const STOP_LIMIT: Duration = Duration::from_secs(7);

/// How often a worker looks for work and says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// A worker that is silent for so many heartbeats is dead, and its jobs are taken up by others.
const MISSED_HEARTBEATS: usize = 15;

/// Adds a worker for one kind of job to those that a monitor runs.
#[must_use]
pub fn register<J: Job>(monitor: Monitor, context: &Context) -> Monitor {
    let context = context.clone();
    monitor.register(move |_restarts| {
        // Names must be unique while a former worker's row and session lock may still be there.
        let name = format!("{}-{}", J::QUEUE, Uuid::now_v7());
        let config = Config::default()
            .queue(J::QUEUE)
            .heartbeat_interval(HEARTBEAT)
            .missed_heartbeats(MISSED_HEARTBEATS);
        WorkerBuilder::new(name)
            .backend(PostgresStorage::<J>::new(&context.pool).with_config(config))
            .data(context.clone())
            .build(perform::<J>)
    })
}

async fn perform<J: Job>(
    job: J,
    attempt: Attempt,
    id: TaskId,
    context: Data<Context>,
) -> Result<(), BoxDynError> {
    guard(&context, J::QUEUE, &id.to_string(), attempt.current(), J::LIMIT, job.run(&context)).await
}
