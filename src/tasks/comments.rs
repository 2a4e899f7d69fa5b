//! Comments on tasks. Anybody in the project may write one, whoever holds the task.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use super::hold::renew;
use super::model::Who;
use crate::access::ProjectScope;
use crate::error::{Error, Kind, Result};
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::{CommentId, TaskId};
use crate::text::CommentBody;

/// A comment as it is read.
#[derive(Clone, Debug, Serialize)]
pub struct Comment {
    /// The id.
    pub id: CommentId,
    /// Who wrote it.
    pub author: Who,
    /// Markdown.
    pub body: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<DateTime<Utc>>,
}

/// Writes a comment.
pub async fn add_comment(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    body: &CommentBody,
) -> Result<(CommentId, DateTime<Utc>)> {
    scope.require_write("write comments")?;
    let written = write_comment(db, scope, task, body).await?;
    renew(db, scope, task).await?;
    Ok(written)
}

pub(super) async fn write_comment(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    body: &CommentBody,
) -> Result<(CommentId, DateTime<Utc>)> {
    let id = CommentId::fresh();
    let created_at = sqlx::query_file_scalar!(
        "sql/tasks/insert_comment.sql",
        scope.project() as _,
        id as _,
        task as _,
        scope.user()? as _,
        scope.actor().token as _,
        body.as_str(),
    )
    .fetch_optional(&mut *db)
    .await?
    .ok_or_else(|| Error::not_found(Kind::Task, task))?;
    let data = json!({ "comment_id": id });
    events::record(db, scope, Change::new(EventKind::CommentAdded, Subject::Task(task), data))
        .await?;
    Ok((id, created_at))
}

/// Reads a page of a task's comments, oldest first, from behind `after` on: one of the same task's.
pub async fn comments(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    after: Option<CommentId>,
    limit: u16,
) -> Result<Vec<Comment>> {
    if let Some(after) = after
        && !is_comment(db, scope, task, after).await?
    {
        return Err(Error::not_found(Kind::Comment, after));
    }
    let rows = sqlx::query_file!(
        "sql/tasks/comments.sql",
        scope.project() as _,
        task as _,
        after as _,
        i64::from(limit),
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Comment {
            id: row.id,
            author: Who { user: row.login, token: row.token },
            body: row.body,
            created_at: row.created_at,
            edited_at: row.edited_at,
        })
        .collect())
}

async fn is_comment(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    comment: CommentId,
) -> Result<bool> {
    let is_comment = sqlx::query_file_scalar!(
        "sql/tasks/is_comment.sql",
        scope.project() as _,
        task as _,
        comment as _,
    )
    .fetch_one(db)
    .await?;
    Ok(is_comment)
}
