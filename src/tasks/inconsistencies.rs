//! The list that proves the rules: normally empty.

use serde::Serialize;
use sqlx::PgConnection;

use crate::access::ProjectScope;
use crate::error::Result;
use crate::ids::TaskId;

/// What is wrong with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Reason {
    /// It is done, and something before it was opened again.
    ClosedWithOpenPrerequisite,
    /// The feature is closed and a child is not.
    FeatureClosedWithOpenChildren,
    /// It is open in a cycle that has ended.
    OpenInClosedCycle,
    /// It is in work and nobody works on it.
    DoingWithoutHolder,
}

/// A task that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inconsistency {
    /// The task.
    pub task_id: TaskId,
    /// Its key.
    pub key: String,
    /// What is wrong.
    pub reason: Reason,
    /// The keys of the open tasks, or the name of the cycle, that make it so.
    pub details: Vec<String>,
}

/// Looks for tasks that break a rule; at most 100.
pub async fn inconsistencies(
    db: &mut PgConnection,
    scope: &ProjectScope,
) -> Result<Vec<Inconsistency>> {
    let rows = sqlx::query_file!("sql/tasks/inconsistencies.sql", scope.project() as _, 100)
        .fetch_all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Inconsistency {
            task_id: row.task_id,
            key: row.key,
            reason: row.reason,
            details: row.others,
        })
        .collect())
}
