//! The listener: tells this process what has been numbered, by whichever process.
//!
//! One connection listens; whoever waits for news waits in memory. The table has the last word:
//! notifications only say when to read it, so one that is lost costs time and no event.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::relay::back_off;
use crate::error::{Error, Result, chain};
use crate::ids::ProjectId;

/// The channel that the relay notifies.
const CHANNEL: &str = "nottario_events";

/// Headers read at once.
const BATCH: i64 = 1000;

/// Headers kept for a reader that is behind; one further behind is told of the gap.
const KEPT: usize = 4096;

/// A connection can die without a word (a firewall, a cable): the table is looked at anyway.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// That something happened, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The event's position.
    pub position: i64,
    /// The project it happened in.
    pub project: ProjectId,
    /// Its kind, `task.claimed`. Text, because a newer process may write kinds we do not know.
    pub kind: String,
    /// What it is about.
    pub subject: Uuid,
}

/// Where this process hears of events. Cheap to clone; it does not keep the listener alive.
#[derive(Clone, Debug)]
pub struct Feed {
    sender: broadcast::WeakSender<Arc<Header>>,
    listening: Arc<AtomicBool>,
}

/// One reader's place in the feed. It holds no database connection.
#[derive(Debug)]
pub struct Subscription(broadcast::Receiver<Arc<Header>>);

/// What a reader hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// An event.
    Event(Arc<Header>),
    /// The reader was too slow, and something was left out: read the table from your position on.
    Gap,
}

impl Feed {
    /// A place in the feed that hears what happens from now on; nothing, once the listener has ended.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        let sender = self.sender.upgrade().unwrap_or_else(|| broadcast::channel(1).0);
        Subscription(sender.subscribe())
    }

    /// Whether events are heard at this moment; while they are not, they are read after a pause.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.listening.load(Ordering::Relaxed) && self.sender.strong_count() > 0
    }
}

impl Subscription {
    /// Waits for the next event; `None` when the listener has ended, as it does when the process stops.
    pub async fn next(&mut self) -> Option<News> {
        match self.0.recv().await {
            Ok(header) => Some(News::Event(header)),
            Err(RecvError::Lagged(_)) => Some(News::Gap),
            Err(RecvError::Closed) => None,
        }
    }
}

/// The task that feeds the [`Feed`].
#[derive(Debug)]
pub struct Listener {
    /// Gives the one connection that listens: direct, because a transaction pooler would lose it.
    direct: PgPool,
    /// For reading the table.
    pool: PgPool,
    sender: broadcast::Sender<Arc<Header>>,
    /// The position of the last header that was published.
    last: i64,
    /// Absent while it has to be made anew.
    connection: Option<PgListener>,
    /// What the feed says of the connection.
    listening: Arc<AtomicBool>,
}

impl Listener {
    /// Listens, and finds where the record ends now: every later event will be in the feed.
    ///
    /// `direct` is a pool whose connections go to the server itself; it may be `pool`.
    pub async fn start(direct: PgPool, pool: PgPool) -> Result<(Self, Feed)> {
        let connection = listen(&direct).await?;
        // After `listen`: what is numbered in between is notified.
        let last = super::since::last_position(&mut *pool.acquire().await?).await?;
        let (sender, _) = broadcast::channel(KEPT);
        let listening = Arc::new(AtomicBool::new(true));
        let feed = Feed { sender: sender.downgrade(), listening: Arc::clone(&listening) };
        Ok((Self { direct, pool, sender, last, connection: Some(connection), listening }, feed))
    }

    /// Feeds until it is stopped, also across losses of the database. Then the feed ends.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            let outcome = tokio::select! {
                () = stop.cancelled() => return,
                outcome = self.publish_and_wait() => outcome,
            };
            let Err(error) = outcome else {
                failures = 0;
                continue;
            };
            self.listening.store(false, Ordering::Relaxed);
            failures += 1;
            let pause = back_off(failures);
            let error = chain(&error);
            tracing::warn!(error, failures, ?pause, "the event listener has to start anew");
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// Publishes what is new, then waits for a reason to look again.
    async fn publish_and_wait(&mut self) -> Result<()> {
        // Listen first, then read: the other way round, an event in between would be missed.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => listen(&self.direct).await?,
        };
        self.publish().await?;
        self.listening.store(true, Ordering::Relaxed);
        match timeout(LOOK_EVERY, connection.try_recv()).await {
            // Whatever else has come by now is in the same read.
            Ok(Ok(Some(_))) => while connection.next_buffered().is_some() {},
            Ok(Ok(None)) => return Err(Error::internal("the connection was closed")),
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => {}
        }
        self.connection = Some(connection);
        Ok(())
    }

    async fn publish(&mut self) -> Result<()> {
        loop {
            let headers = sqlx::query_file_as!(Header, "sql/events/headers.sql", self.last, BATCH)
                .fetch_all(&self.pool)
                .await?;
            let is_last = i64::try_from(headers.len()).unwrap_or(BATCH) < BATCH;
            for header in headers {
                self.last = header.position;
                // Nobody listening is fine: who comes later reads the table first.
                let _ = self.sender.send(Arc::new(header));
            }
            if is_last {
                return Ok(());
            }
        }
    }
}

async fn listen(direct: &PgPool) -> Result<PgListener> {
    let mut connection = PgListener::connect_with(direct).await?;
    // We reconnect ourselves, with a pause between the tries.
    connection.eager_reconnect(false);
    connection.listen(CHANNEL).await?;
    Ok(connection)
}
