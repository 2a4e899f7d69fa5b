//! The tasks around a task: what it waits for, what waits for it, its children.

use sqlx::PgConnection;

use super::model::Card;
use super::read::cards;
use crate::access::ProjectScope;
use crate::error::{OpenTask, Result};
use crate::ids::TaskId;

/// What a task waits for, open or closed.
pub async fn prerequisites(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
) -> Result<Vec<Card>> {
    let ids = prerequisite_ids(db, scope, task, false).await?;
    cards(db, scope, &ids).await
}

/// What waits for a task.
pub async fn dependents(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
) -> Result<Vec<Card>> {
    let ids = sqlx::query_file_scalar!("sql/tasks/dependents.sql", scope.project() as _, task as _)
        .fetch_all(&mut *db)
        .await?;
    cards(db, scope, &ids).await
}

/// A feature's children, open or closed.
pub async fn children(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
) -> Result<Vec<Card>> {
    let ids = child_ids(db, scope, task, false).await?;
    cards(db, scope, &ids).await
}

/// What a task waits for and is still open, as a refusal names it.
pub(super) async fn open_prerequisites(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
) -> Result<Vec<OpenTask>> {
    let ids = prerequisite_ids(db, scope, task, true).await?;
    named(db, scope, &ids).await
}

/// A feature's open children, as a refusal names them.
pub(super) async fn open_children(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
) -> Result<Vec<OpenTask>> {
    let ids = child_ids(db, scope, task, true).await?;
    named(db, scope, &ids).await
}

async fn named(
    db: &mut PgConnection,
    scope: &ProjectScope,
    tasks: &[TaskId],
) -> Result<Vec<OpenTask>> {
    Ok(cards(db, scope, tasks)
        .await?
        .into_iter()
        .map(|card| OpenTask { key: card.key, title: card.title, state: card.state.to_string() })
        .collect())
}

async fn prerequisite_ids(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    only_open: bool,
) -> Result<Vec<TaskId>> {
    Ok(sqlx::query_file_scalar!(
        "sql/tasks/prerequisites.sql",
        scope.project() as _,
        task as _,
        only_open,
    )
    .fetch_all(db)
    .await?)
}

async fn child_ids(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    only_open: bool,
) -> Result<Vec<TaskId>> {
    Ok(sqlx::query_file_scalar!(
        "sql/tasks/children.sql",
        scope.project() as _,
        task as _,
        only_open,
    )
    .fetch_all(db)
    .await?)
}
