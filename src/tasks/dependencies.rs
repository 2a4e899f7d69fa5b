//! What a task waits for. There is never a loop, and a feature waits for its children.

use serde_json::json;
use sqlx::PgConnection;

use super::hold::renew;
use super::links::{ancestors, mark_linked};
use super::lock::lock;
use super::model::Card;
use super::read::card;
use crate::access::ProjectScope;
use crate::error::{Error, Result};
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::TaskId;
use crate::projects::lock_links;

/// Makes a task wait for a prerequisite. Adding it twice is fine.
pub async fn add_dependency(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    prerequisite: TaskId,
) -> Result<Card> {
    scope.require_write("add dependencies")?;
    lock_links(db, scope).await?;
    add_edge(db, scope, task, prerequisite).await?;
    renew(db, scope, task).await?;
    card(db, scope, task).await
}

/// Adds an edge; the caller holds the project's lock.
pub(super) async fn add_edge(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    prerequisite: TaskId,
) -> Result<()> {
    if task == prerequisite {
        return Err(Error::invalid("depends_on_id", "a task cannot wait for itself"));
    }
    // In one order, so that this and a statement over several rows cannot wait for each other.
    let (first, second) = (task.min(prerequisite), task.max(prerequisite));
    let first = lock(db, scope, first).await?;
    let second = lock(db, scope, second).await?;
    let (waiting, before) = if first.id == task { (first, second) } else { (second, first) };
    renew(db, scope, prerequisite).await?;

    let added = sqlx::query_file!(
        "sql/tasks/add_dependency.sql",
        scope.project() as _,
        task as _,
        prerequisite as _
    )
    .execute(&mut *db)
    .await?
    .rows_affected();
    // An edge that is there stays, whatever has become of its two ends.
    if added == 0 {
        return Ok(());
    }
    if !waiting.state.is_open() && before.state.is_open() {
        return Err(Error::not_ready(
            format!(
                "{} is closed as {} and cannot wait for {}, which is open",
                waiting.key, waiting.state, before.key
            ),
            "reopen it with set_state todo first, or leave the dependency out",
        ));
    }
    refuse_loop(db, scope, task, prerequisite, &waiting.key, &before.key).await?;
    mark_linked(db, scope, &[task, prerequisite]).await?;
    note_edge(
        db,
        scope,
        EventKind::DependencyAdded,
        task,
        &before.key,
        prerequisite,
        i32::from(before.state.is_open()),
    )
    .await
}

/// Ends a task's waiting for another one. Removing an edge that is not there is fine.
pub async fn remove_dependency(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    prerequisite: TaskId,
) -> Result<Card> {
    scope.require_write("remove dependencies")?;
    lock_links(db, scope).await?;
    lock(db, scope, task).await?;
    let before = lock(db, scope, prerequisite).await?;
    let removed = sqlx::query_file!(
        "sql/tasks/remove_dependency.sql",
        scope.project() as _,
        task as _,
        prerequisite as _
    )
    .execute(&mut *db)
    .await?
    .rows_affected();
    if removed > 0 {
        let open = i32::from(before.state.is_open());
        note_edge(db, scope, EventKind::DependencyRemoved, task, &before.key, prerequisite, -open)
            .await?;
    }
    renew(db, scope, task).await?;
    renew(db, scope, prerequisite).await?;
    card(db, scope, task).await
}

async fn note_edge(
    db: &mut PgConnection,
    scope: &ProjectScope,
    kind: EventKind,
    task: TaskId,
    key: &str,
    prerequisite: TaskId,
    delta: i32,
) -> Result<()> {
    sqlx::query_file!("sql/tasks/count_edge.sql", scope.project() as _, task as _, delta)
        .execute(&mut *db)
        .await?;
    let data = json!({ "depends_on_id": prerequisite, "depends_on": key });
    events::record(db, scope, Change::new(kind, Subject::Task(task), data)).await
}

async fn refuse_loop(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    prerequisite: TaskId,
    task_key: &str,
    prerequisite_key: &str,
) -> Result<()> {
    if leads_to(db, scope, prerequisite, task).await? {
        return Err(Error::invalid(
            "depends_on_id",
            format!(
                "{prerequisite_key} already waits for {task_key}, directly or through others; that would be a loop"
            ),
        ));
    }
    if is_above(db, scope, task, prerequisite).await? {
        return Err(Error::invalid(
            "depends_on_id",
            format!(
                "{prerequisite_key} is part of {task_key}, which waits for its children anyway"
            ),
        ));
    }
    Ok(())
}

/// Whether one task waits for another, directly or through others; a feature waits for its children.
pub(super) async fn leads_to(
    db: &mut PgConnection,
    scope: &ProjectScope,
    waiting: TaskId,
    awaited: TaskId,
) -> Result<bool> {
    Ok(sqlx::query_file_scalar!(
        "sql/tasks/leads_to.sql",
        scope.project() as _,
        waiting as _,
        awaited as _
    )
    .fetch_one(db)
    .await?)
}

async fn is_above(
    db: &mut PgConnection,
    scope: &ProjectScope,
    feature: TaskId,
    task: TaskId,
) -> Result<bool> {
    let above = ancestors(db, scope, task).await?;
    Ok(above.iter().any(|ancestor| ancestor.id == feature))
}
