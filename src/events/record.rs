//! Writing events, in the transaction that makes them true.

use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{EventKind, Subject};
use crate::access::ProjectScope;
use crate::error::Result;

/// One change, before it is written down.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happened.
    pub kind: EventKind,
    /// What it happened to.
    pub subject: Subject,
    /// What changed: small, with values before and after for fields.
    pub data: Value,
}

impl Change {
    /// A change to be recorded.
    #[must_use]
    pub fn new(kind: EventKind, subject: Subject, data: Value) -> Self {
        Self { kind, subject, data }
    }
}

/// Records one change in the caller's name.
pub async fn record(db: &mut PgConnection, scope: &ProjectScope, change: Change) -> Result<()> {
    record_all(db, scope, std::slice::from_ref(&change)).await
}

/// Records several changes in their order, with one statement.
pub async fn record_all(
    db: &mut PgConnection,
    scope: &ProjectScope,
    changes: &[Change],
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let kinds: Vec<_> = changes.iter().map(|change| change.kind.as_str().to_owned()).collect();
    let subject_kinds: Vec<_> =
        changes.iter().map(|change| change.subject.kind().to_owned()).collect();
    let subject_ids: Vec<_> = changes.iter().map(|change| change.subject.id()).collect();
    let data: Vec<_> = changes.iter().map(|change| Json(&change.data)).collect();
    sqlx::query_file!(
        "sql/events/record_all.sql",
        scope.project() as _,
        scope.actor().user as _,
        scope.actor().token as _,
        &kinds,
        &subject_kinds,
        &subject_ids,
        data.as_slice() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
