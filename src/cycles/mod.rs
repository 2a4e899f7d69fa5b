//! Cycles: time-boxes of work without dates.
//!
//! Exactly one cycle of a project is open, and no open task is in a closed one: ending a cycle and
//! carrying its open work over is one transaction, under the project's lock.

mod end;
mod figures;
mod list;
mod reference;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::access::ProjectScope;
use crate::error::{Error, Kind, Result};
use crate::ids::CycleId;

pub use end::{Ended, NextName, end};
pub use figures::{DoneOnDay, Figures, RoleCounts, get};
pub use list::{CyclePage, PageRequest, list};
pub use reference::CycleRef;

/// A cycle and how its tasks stand.
#[derive(Clone, Debug, Serialize)]
pub struct Cycle {
    /// The cycle's id.
    pub id: CycleId,
    /// Its name, unique in the project.
    pub name: String,
    /// Its place in the project's row of cycles, from 1.
    pub position: i32,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was ended; absent for the open one.
    pub closed_at: Option<DateTime<Utc>>,
    /// How many of its tasks are in each state.
    pub counts: Counts,
}

/// How many tasks there are, and in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All of them.
    pub total: i64,
    /// Waiting to be taken.
    pub todo: i64,
    /// Being worked on.
    pub doing: i64,
    /// Finished.
    pub done: i64,
    /// Closed without being done.
    pub wont_do: i64,
}

/// The open cycle.
pub async fn current(db: &mut PgConnection, scope: &ProjectScope) -> Result<Cycle> {
    let row = sqlx::query_file_as!(CycleRow, "sql/cycles/current.sql", scope.project() as _)
        .fetch_one(db)
        .await?;
    Ok(row.into())
}

/// A cycle of this project, or `NotFound`.
async fn get_row(db: &mut PgConnection, scope: &ProjectScope, id: CycleId) -> Result<Cycle> {
    sqlx::query_file_as!(CycleRow, "sql/cycles/get.sql", scope.project() as _, id as _)
        .fetch_optional(db)
        .await?
        .map(Cycle::from)
        .ok_or_else(|| Error::not_found(Kind::Cycle, id))
}

/// The open cycle's id: where a new task goes.
///
/// It stays the open one only while the transaction holds the project's lock
/// ([`crate::projects::lock_links_shared`] or its exclusive twin).
pub async fn open_id(db: &mut PgConnection, scope: &ProjectScope) -> Result<CycleId> {
    let id = sqlx::query_file_scalar!("sql/cycles/open_id.sql", scope.project() as _)
        .fetch_one(db)
        .await?;
    Ok(id.into())
}

/// A cycle as the statements answer it.
struct CycleRow {
    id: CycleId,
    name: String,
    position: i32,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    total: i64,
    todo: i64,
    doing: i64,
    done: i64,
    wont_do: i64,
}

impl From<CycleRow> for Cycle {
    fn from(row: CycleRow) -> Self {
        let CycleRow { id, name, position, opened_at, closed_at, .. } = row;
        let CycleRow { total, todo, doing, done, wont_do, .. } = row;
        let counts = Counts { total, todo, doing, done, wont_do };
        Self { id, name, position, opened_at, closed_at, counts }
    }
}
