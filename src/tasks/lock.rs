//! A task's row, locked, and what its holder may do that others may not.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::model::{TaskState, TaskType, Who};
use crate::access::ProjectScope;
use crate::error::{Error, Kind, Result};
use crate::ids::{ClaimId, CycleId, RoleId, TaskId, TokenId, UserId};

/// A task whose row this transaction has locked: nobody else changes it until the end.
pub(super) struct Locked {
    pub(super) id: TaskId,
    pub(super) key: String,
    pub(super) kind: TaskType,
    pub(super) title: String,
    pub(super) state: TaskState,
    pub(super) priority: i16,
    pub(super) ready: bool,
    pub(super) parent_id: Option<TaskId>,
    pub(super) cycle_id: CycleId,
    pub(super) assignee_id: Option<UserId>,
    pub(super) target_role_id: Option<RoleId>,
    pub(super) open_prerequisites: i32,
    pub(super) open_children: i32,
    pub(super) claim_id: Option<ClaimId>,
    pub(super) holder_user_id: Option<UserId>,
    pub(super) holder_token_id: Option<TokenId>,
    pub(super) holder: Option<String>,
    pub(super) holder_token: Option<String>,
    pub(super) claimed_at: Option<DateTime<Utc>>,
    pub(super) version: i32,
}

/// Locks a task's row and reads it.
pub(super) async fn lock(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
) -> Result<Locked> {
    sqlx::query_file_as!(Locked, "sql/tasks/lock.sql", scope.project() as _, task as _)
        .fetch_optional(db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::Task, task))
}

impl Locked {
    /// Whether the caller is the one who holds the task: the same token, or the same person without one.
    pub(super) fn is_held_by(&self, scope: &ProjectScope) -> bool {
        let actor = scope.actor();
        self.state == TaskState::Doing
            && self.holder_token_id == actor.token
            && self.holder_user_id == actor.user
    }

    /// Refuses whoever names a claim that is over: it must stop, whatever it was about to write.
    pub(super) fn fence(&self, claim: Option<ClaimId>) -> Result<()> {
        if claim.is_none() || claim == self.claim_id {
            return Ok(());
        }
        let because = match self.state {
            TaskState::Todo => "it went back to the queue".to_owned(),
            TaskState::Doing => format!("{} holds it under another claim", self.holder()),
            closed => format!("it is closed as {closed}"),
        };
        Err(Error::LostClaim { key: self.key.clone(), because })
    }

    /// Lets only the holder pass while the task is held.
    pub(super) fn require_free_or_mine(&self, scope: &ProjectScope) -> Result<()> {
        if self.state == TaskState::Doing && !self.is_held_by(scope) {
            return Err(self.taken());
        }
        Ok(())
    }

    /// The refusal that names who holds the task.
    pub(super) fn taken(&self) -> Error {
        let since = self.claimed_at.map(|at| format!(" since {}", at.format("%Y-%m-%d %H:%M UTC")));
        Error::taken(
            format!(
                "{} is {}, held by {}{}",
                self.key,
                self.state,
                self.holder(),
                since.unwrap_or_default()
            ),
            "leave it, and take another task with claim_next",
        )
    }

    fn holder(&self) -> Who {
        Who {
            user: self.holder.clone().unwrap_or_else(|| "nobody".to_owned()),
            token: self.holder_token.clone(),
        }
    }
}
