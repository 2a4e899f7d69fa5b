//! Holding work: signs of life, giving it back, and what becomes of a dead agent's tasks.

use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use super::comments::write_comment;
use super::lock::lock;
use super::model::{Card, Claim, TaskState};
use super::read::card;
use crate::access::ProjectScope;
use crate::error::{Error, Result, TAKE_ANOTHER};
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::{ClaimId, TaskId};
use crate::text::{CommentBody, Line};

/// Whether a person has confirmed to act on a task that somebody else holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Force {
    /// The holder's task is left alone.
    #[default]
    No,
    /// A person insists. From an agent it changes nothing.
    Confirmed,
}

impl Force {
    pub(super) fn lets(self, scope: &ProjectScope) -> bool {
        self == Self::Confirmed && scope.actor().token.is_none()
    }
}

/// A task that the caller's token is holding.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// `NOT-42`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// The current claim.
    #[serde(flatten)]
    pub claim: Claim,
}

/// The tasks that the caller's token holds, so that a restarted agent finds its own work first.
pub async fn held(db: &mut PgConnection, scope: &ProjectScope) -> Result<Vec<Held>> {
    let Some(token) = scope.actor().token else { return Ok(Vec::new()) };
    let rows = sqlx::query_file!("sql/tasks/held.sql", scope.project() as _, token as _)
        .fetch_all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Held {
            key: row.key,
            title: row.title,
            claim: Claim { claim_id: row.claim_id, lease_expires_at: row.lease_expires_at },
        })
        .collect())
}

/// Renews the caller's lease on a task, if it holds the task: every call that names it is a sign of life.
///
/// Written only once a tenth of the lease has passed, so that reads do not become writes.
pub async fn renew(db: &mut PgConnection, scope: &ProjectScope, task: TaskId) -> Result<()> {
    let Some(token) = scope.actor().token else { return Ok(()) };
    sqlx::query_file!("sql/tasks/renew.sql", scope.project() as _, task as _, token as _)
        .execute(db)
        .await?;
    Ok(())
}

/// A sign of life of the holder, with an optional line on how far it is.
pub async fn heartbeat(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    claim: Option<ClaimId>,
    note: Option<&Line<200>>,
) -> Result<Claim> {
    scope.require_write("work on tasks")?;
    let locked = lock(db, scope, task).await?;
    locked.fence(claim)?;
    if locked.state != TaskState::Doing {
        return Err(Error::not_ready(
            format!("{} is {}, and nobody holds it", locked.key, locked.state),
            if locked.state.is_open() { "take it with claim first" } else { TAKE_ANOTHER },
        ));
    }
    locked.require_free_or_mine(scope)?;
    beat(db, scope, task, note).await
}

pub(super) async fn beat(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    note: Option<&Line<200>>,
) -> Result<Claim> {
    let row = sqlx::query_file!(
        "sql/tasks/heartbeat.sql",
        scope.project() as _,
        task as _,
        note.map(Line::as_str),
    )
    .fetch_one(&mut *db)
    .await?;
    if let Some(note) = note {
        let data = json!({ "note": note });
        events::record(db, scope, Change::new(EventKind::TaskProgress, Subject::Task(task), data))
            .await?;
    }
    Ok(Claim { claim_id: row.claim_id, lease_expires_at: row.lease_expires_at })
}

/// Gives a held task back to the queue; the reason becomes a comment.
///
/// On a task that nobody holds it changes nothing: a repeat is harmless.
pub async fn release(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    claim: Option<ClaimId>,
    reason: Option<&CommentBody>,
    force: Force,
) -> Result<Card> {
    scope.require_write("release tasks")?;
    let locked = lock(db, scope, task).await?;
    locked.fence(claim)?;
    match locked.state {
        TaskState::Todo => return card(db, scope, task).await,
        TaskState::Doing if force.lets(scope) => {}
        TaskState::Doing => locked.require_free_or_mine(scope)?,
        closed => {
            return Err(Error::not_ready(
                format!("{} is closed as {closed}; there is nothing to release", locked.key),
                "leave it closed, or reopen it with set_state todo",
            ));
        }
    }
    let comment = match reason {
        Some(reason) => Some(write_comment(db, scope, task, reason).await?.0),
        None => None,
    };
    sqlx::query_file!("sql/tasks/release.sql", scope.project() as _, task as _)
        .execute(&mut *db)
        .await?;
    let data = json!({
        "claim_id": locked.claim_id,
        "comment_id": comment,
        "holder": { "user_id": locked.holder_user_id, "token_id": locked.holder_token_id },
    });
    events::record(db, scope, Change::new(EventKind::TaskReleased, Subject::Task(task), data))
        .await?;
    card(db, scope, task).await
}

/// Puts the tasks whose lease has run out back into the queue; answers how many.
///
/// Safe to run from several processes at once. Repeat it until it answers less than `most`.
pub async fn expire_claims(db: &mut PgConnection, scope: &ProjectScope, most: u32) -> Result<u64> {
    let done = sqlx::query_file!("sql/tasks/expire.sql", scope.project() as _, i64::from(most))
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}
