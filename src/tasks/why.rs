//! Why `claim_next` handed out nothing, so that an agent can wait, ask, or unblock.

use serde::Serialize;
use sqlx::PgConnection;

use super::claim::{ClaimFilter, lanes};
use crate::access::ProjectScope;
use crate::error::Result;

/// How many open tasks are looked at: enough to be telling, and cheap to ask again and again.
const MOST_TASKS: i64 = 10_000;

/// What the open tasks are waiting for; each is counted once, up to 10,000 in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// Waiting for a prerequisite, or a feature for its children.
    pub blocked: i64,
    /// Ready, and meant for somebody else.
    pub assigned_to_others: i64,
    /// Ready, and asking for a role that the caller lacks.
    pub other_roles: i64,
    /// In work.
    pub in_progress: i64,
    /// Ready for the caller, and outside the filter it gave.
    pub outside_filter: i64,
    /// Up to five open tasks whose closing makes the most others ready.
    pub unblock_first: Vec<Unblocker>,
}

/// An open task that is the only thing before others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unblocker {
    /// `NOT-42`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// How many tasks its closing makes ready.
    pub frees: i64,
}

impl Why {
    /// Looks at the open tasks of the caller's project.
    pub async fn read(db: &mut PgConnection, scope: &ProjectScope) -> Result<Self> {
        let mine = lanes(scope, &ClaimFilter::default())?;
        let counts =
            sqlx::query_file!("sql/tasks/why.sql", scope.project() as _, &mine, MOST_TASKS)
                .fetch_one(&mut *db)
                .await?;
        let unblock_first = sqlx::query_file_as!(
            Unblocker,
            "sql/tasks/unblock_first.sql",
            scope.project() as _,
            MOST_TASKS,
            5
        )
        .fetch_all(db)
        .await?;
        Ok(Self {
            blocked: counts.blocked,
            assigned_to_others: counts.assigned_to_others,
            other_roles: counts.other_roles,
            in_progress: counts.in_progress,
            outside_filter: counts.outside_filter,
            unblock_first,
        })
    }
}
