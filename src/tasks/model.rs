//! A task as it is read: the slim [`Card`] of lists and answers, and the full [`Task`].
//!
//! Field names are the names that clients see.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ClaimId, CycleId, ProjectId, RoleId, TaskId, TokenId, UserId};

/// The kind of work. Only a feature may have children.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum TaskType {
    #[default]
    Task,
    Bug,
    Chore,
    Spike,
    Feature,
}

/// Where a task stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum TaskState {
    Todo,
    Doing,
    Done,
    WontDo,
}

impl TaskState {
    /// True while somebody may still work on it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Todo | Self::Doing)
    }

    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::Doing => "doing",
            Self::Done => "done",
            Self::WontDo => "wont_do",
        }
    }
}

impl std::fmt::Display for TaskState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a task ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The work was done.
    #[default]
    Done,
    /// The work will not be done.
    WontDo,
}

impl Outcome {
    /// The state that a task with this outcome is in.
    #[must_use]
    pub fn state(self) -> TaskState {
        match self {
            Self::Done => TaskState::Done,
            Self::WontDo => TaskState::WontDo,
        }
    }
}

/// A person, or an agent that acts for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Who {
    /// The person's login.
    pub user: String,
    /// The token's name, when an agent acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.token {
            Some(token) => write!(f, "agent {:?} for {}", token, self.user),
            None => f.write_str(&self.user),
        }
    }
}

/// Who holds a task, and until when without a sign of life.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Holder {
    /// The holder.
    #[serde(flatten)]
    pub who: Who,
    /// When it was claimed.
    pub since: DateTime<Utc>,
    /// Absent when the claim has no lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_expires_at: Option<DateTime<Utc>>,
    /// The last thing the holder said of its progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The right to work on a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// To be named in later calls: a late writer is told that it has lost the task.
    pub claim_id: ClaimId,
    /// `None` when the project has no leases, or a person holds the task.
    pub lease_expires_at: Option<DateTime<Utc>>,
}

/// A task as a row of a list.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// The id.
    pub id: TaskId,
    /// `NOT-42`.
    pub key: String,
    /// The kind of work.
    #[serde(rename = "type")]
    pub kind: TaskType,
    /// One line.
    pub title: String,
    /// Where it stands.
    pub state: TaskState,
    /// 0 to 100, higher first.
    pub priority: i16,
    /// The bucket with that value, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_key: Option<String>,
    /// Whether it can be taken.
    pub ready: bool,
    /// The feature it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_key: Option<String>,
    /// The kind of work it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_role: Option<String>,
    /// The login of who should do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// Who is doing it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<Holder>,
    /// The last change.
    pub updated_at: DateTime<Utc>,
    /// Grows by one with each change.
    pub version: i32,
    /// What orders lists after the priority; also the second half of the key.
    #[serde(skip)]
    pub number: i32,
}

/// The cycle that a task belongs to.
#[derive(Clone, Debug, Serialize)]
pub struct CycleName {
    /// The id.
    pub id: CycleId,
    /// The name.
    pub name: String,
}

/// A task with everything of its own.
#[derive(Clone, Debug, Serialize)]
pub struct Task {
    /// What lists show.
    #[serde(flatten)]
    pub card: Card,
    /// Markdown.
    pub description: String,
    /// Set when only a part of the description is here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub description_truncated: bool,
    /// The project.
    pub project_id: ProjectId,
    /// Its cycle.
    pub cycle: CycleName,
    /// The feature it is part of.
    pub parent_task_id: Option<TaskId>,
    /// That feature's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_title: Option<String>,
    /// The role it asks for.
    pub target_role_id: Option<RoleId>,
    /// Who should do it.
    pub assignee_user_id: Option<UserId>,
    /// When the current work began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Who made it; absent when Nottario itself did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Who>,
    /// Who last changed its text, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_by: Option<Who>,
    /// When its text was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// How many prerequisites are open.
    pub open_prerequisites: i32,
    /// How many children are open.
    pub open_children: i32,
    /// How many comments it has.
    pub comment_count: i64,
    /// How many commits are linked to it.
    pub commit_count: i64,
    /// The token that holds it, for the caller's own check.
    #[serde(skip)]
    pub holder_token_id: Option<TokenId>,
}

impl Task {
    /// Keeps at most `max` characters of the description from `offset` on, and marks what was cut.
    pub fn cut_description(&mut self, offset: usize, max: usize) {
        let total = self.description.chars().count();
        if offset > 0 || total > max {
            self.description = self.description.chars().skip(offset).take(max).collect();
            self.description_truncated = offset + max < total;
        }
    }
}
