//! What a cycle has brought: counts by role, throughput, and how long work took.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::{Counts, Cycle, get_row};
use crate::access::ProjectScope;
use crate::error::Result;
use crate::ids::CycleId;

/// A cycle with its figures.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// The cycle and its counts.
    #[serde(flatten)]
    pub cycle: Cycle,
    /// The counts by target role, in the order of the roles; tasks without role last.
    pub by_role: Vec<RoleCounts>,
    /// Tasks done per day, from the cycle's opening until it was ended, or until now; a cycle
    /// younger than a day counts as one day old.
    pub throughput_per_day: f64,
    /// The days (UTC) on which tasks were done, and how many.
    pub done_by_day: Vec<DoneOnDay>,
    /// How long half of the done tasks were in `doing` at most, in seconds.
    pub doing_seconds_median: Option<f64>,
    /// How long 85 of 100 done tasks were in `doing` at most, in seconds.
    pub doing_seconds_p85: Option<f64>,
    /// Open tasks that came over from the cycle before.
    pub carried_over: i32,
}

/// How the tasks for one role stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleCounts {
    /// The role's key; null for the tasks that ask for none.
    pub role: Option<String>,
    /// The counts.
    #[serde(flatten)]
    pub counts: Counts,
}

/// How many tasks were done on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DoneOnDay {
    /// The day, in UTC.
    pub day: NaiveDate,
    /// The number of tasks.
    pub done: i64,
}

/// A cycle with its figures as of `now`.
pub async fn get(
    db: &mut PgConnection,
    scope: &ProjectScope,
    cycle: CycleId,
    now: DateTime<Utc>,
) -> Result<Figures> {
    let cycle_row = get_row(db, scope, cycle).await?;
    let by_role = sqlx::query_file!("sql/cycles/by_role.sql", scope.project() as _, cycle as _)
        .fetch_all(&mut *db)
        .await?;
    let done_by_day = sqlx::query_file_as!(
        DoneOnDay,
        "sql/cycles/done_by_day.sql",
        scope.project() as _,
        cycle as _
    )
    .fetch_all(&mut *db)
    .await?;
    let work = sqlx::query_file!("sql/cycles/work.sql", scope.project() as _, cycle as _)
        .fetch_one(db)
        .await?;

    let cycle = cycle_row;
    Ok(Figures {
        throughput_per_day: per_day(
            cycle.counts.done,
            cycle.opened_at,
            cycle.closed_at.unwrap_or(now),
        ),
        cycle,
        by_role: by_role
            .into_iter()
            .map(|row| RoleCounts {
                role: row.role,
                counts: Counts {
                    total: row.total,
                    todo: row.todo,
                    doing: row.doing,
                    done: row.done,
                    wont_do: row.wont_do,
                },
            })
            .collect(),
        done_by_day,
        doing_seconds_median: work.median,
        doing_seconds_p85: work.p85,
        carried_over: work.carried_in,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts and seconds are far below 2^52")]
fn per_day(done: i64, from: DateTime<Utc>, until: DateTime<Utc>) -> f64 {
    const DAY: f64 = 86_400.0;
    let days = (until - from).num_seconds() as f64 / DAY;
    done as f64 / days.max(1.0)
}
