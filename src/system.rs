//! How the instance is doing, as its operators look at it: database, events, background jobs, disk.
//!
//! Only facts, read when somebody looks; nothing is kept, and nothing is changed.

use std::path::Path;

use chrono::{DateTime, Utc};
use nix::sys::statvfs::statvfs;
use serde::Serialize;
use sqlx::PgConnection;

use crate::access::InstanceScope;
use crate::db::migrations;
use crate::error::{Error, Result};

/// The facts.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The database server, and our database in it.
    pub database: DatabaseFacts,
    /// The migrations that are still to be applied: none, unless another process is older.
    pub pending_migrations: Vec<String>,
    /// How many migrations there are.
    pub migrations: usize,
    /// The events on their way to readers.
    pub outbox: Outbox,
    /// The queues of background jobs, by name.
    pub queues: Vec<Queue>,
}

/// The database server, and our database in it.
#[derive(Clone, Debug, Serialize)]
pub struct DatabaseFacts {
    /// The server's version, as it tells it.
    pub version: String,
    /// Bytes on its disk.
    pub size: i64,
    /// Connections to this database, of every process.
    pub connections: i64,
    /// Connections that the server takes at all.
    pub most_connections: i64,
}

/// The events that were recorded and have no position yet.
#[derive(Clone, Debug, Serialize)]
pub struct Outbox {
    /// How many there are.
    pub waiting: i64,
    /// Since when the first of them waits.
    pub waiting_since: Option<DateTime<Utc>>,
    /// How many have got a position, ever.
    pub numbered: i64,
}

/// A queue of background jobs.
#[derive(Clone, Debug, Serialize)]
pub struct Queue {
    /// The kind of job.
    pub name: String,
    /// Jobs whose turn is to come.
    pub waiting: i64,
    /// Jobs at work.
    pub running: i64,
    /// Jobs that failed for now or for good.
    pub failed: i64,
    /// When one last succeeded, within the week for which that is kept.
    pub last_done_at: Option<DateTime<Utc>>,
}

/// Looks at everything that the database knows.
pub async fn report(db: &mut PgConnection, _: InstanceScope) -> Result<Report> {
    let database =
        sqlx::query_file_as!(DatabaseFacts, "sql/system/database.sql").fetch_one(&mut *db).await?;
    let outbox = sqlx::query_file_as!(Outbox, "sql/system/outbox.sql").fetch_one(&mut *db).await?;
    let queues = sqlx::query_file_as!(Queue, "sql/system/queues.sql").fetch_all(&mut *db).await?;
    let pending_migrations = migrations::pending(db).await.map_err(Error::internal)?;
    let migrations = migrations::all().iter().map(|set| set.iter().count()).sum();
    Ok(Report { database, pending_migrations, migrations, outbox, queues })
}

/// How many bytes are left where a folder is; nothing when there is no such folder.
#[must_use]
pub fn disk_left(folder: &Path) -> Option<u64> {
    let disk = statvfs(folder).ok()?;
    Some(product(disk.blocks_available(), disk.fragment_size()))
}

/// The system's own types differ in width from one system to another.
fn product(one: impl Into<u64>, other: impl Into<u64>) -> u64 {
    one.into().saturating_mul(other.into())
}
