//! The relay: gives committed events their positions, and wakes the listeners.
//!
//! Positions are dense, in one order for every reader, and never given twice. An event that is
//! visible in `events` has every lower position visible beside it, so a reader that remembers one
//! number misses nothing. Any number of relays may run; one works at a time.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::error::{Result, chain};

/// Rows of one transaction: large enough for a burst, small enough to hold the lock for milliseconds.
const BATCH: i64 = 1000;

/// For transactions of a process that died before it could wake its relay.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Another relay that is at work may have looked before our event was committed: ask again soon.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// The rest after work. An event that comes alone is numbered at once, and in a burst many share the
/// relay's statements and its commit, which would otherwise be more work than what they report.
const REST: Duration = Duration::from_millis(20);

/// The longest pause between two tries while the database is away.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(5);

/// Wakes the relay of this process. Cheap, never waits, and many at once are one.
#[derive(Clone, Debug, Default)]
pub struct RelayHandle(Arc<Notify>);

impl RelayHandle {
    /// Says that a transaction with events has been committed. Call it after every such commit.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// The task that numbers events.
#[derive(Debug)]
pub struct Relay {
    pool: PgPool,
    woken: RelayHandle,
}

/// How one go of the relay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// The outbox was empty in the end; so many events were numbered.
    All(u64),
    /// Another relay is at it.
    Busy,
}

impl Relay {
    /// A relay on this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, woken: RelayHandle::default() }
    }

    /// The handle that wakes it.
    #[must_use]
    pub fn handle(&self) -> RelayHandle {
        self.woken.clone()
    }

    /// Numbers events until it is stopped, also across losses of the database.
    pub async fn run(self, stop: CancellationToken) {
        let mut failures = 0;
        while !stop.is_cancelled() {
            let pause = match drain(&self.pool).await {
                Ok(Drained::All(1..)) => {
                    failures = 0;
                    REST
                }
                Ok(Drained::All(0)) => {
                    failures = 0;
                    // The only pause that a wake ends: in the others the database needs the time.
                    tokio::select! {
                        () = stop.cancelled() => return,
                        _ = timeout(LOOK_EVERY, self.woken.0.notified()) => continue,
                    }
                }
                Ok(Drained::Busy) => BUSY_PAUSE,
                Err(error) => {
                    failures += 1;
                    let pause = back_off(failures);
                    let error = chain(&error);
                    tracing::warn!(error, failures, ?pause, "the event relay cannot work");
                    pause
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
            }
        }
    }
}

/// Numbers everything that has been committed up to now.
pub async fn drain(pool: &PgPool) -> Result<Drained> {
    let mut numbered = 0;
    loop {
        let mut db = pool.acquire().await?;
        if sqlx::query_file_scalar!("sql/events/is_outbox_empty.sql").fetch_one(&mut *db).await? {
            return Ok(Drained::All(numbered));
        }
        let mut tx = sqlx::Connection::begin(&mut *db).await?;
        if !sqlx::query_file_scalar!("sql/events/try_lock_relay.sql").fetch_one(&mut *tx).await? {
            return Ok(Drained::Busy);
        }
        let batch =
            sqlx::query_file!("sql/events/number_batch.sql", BATCH).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        numbered += u64::try_from(batch.count).unwrap_or_default();
    }
}

/// 100 ms, doubled with every failure in a row, up to five seconds.
pub(super) fn back_off(failures: u32) -> Duration {
    let doubled = Duration::from_millis(100).saturating_mul(1 << (failures - 1).min(10));
    doubled.min(LONGEST_BACK_OFF)
}
