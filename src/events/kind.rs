//! The kinds of events, and what they are about.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use uuid::Uuid;

use crate::ids::{CycleId, ProjectId, TaskId, TokenId};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// What happened. The text is stored, sent to clients, and never changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $($(#[$doc])* $name),*
        }

        impl EventKind {
            /// Every kind, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stored name, `task.claimed`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

kinds! {
    /// A task was created.
    TaskCreated = "task.created",
    /// Fields of a task changed.
    TaskEdited = "task.edited",
    /// A task was taken.
    TaskClaimed = "task.claimed",
    /// A holder gave a sign of life with a progress note.
    TaskProgress = "task.progress",
    /// A held task went back to the queue because its holder or a person said so.
    TaskReleased = "task.released",
    /// A held task went back to the queue because its lease ran out.
    ClaimExpired = "claim.expired",
    /// A task was closed as done or won't do.
    TaskClosed = "task.closed",
    /// A closed task was opened again.
    TaskReopened = "task.reopened",
    /// A task was hidden, to be purged later.
    TaskDeleted = "task.deleted",
    /// A hidden task came back.
    TaskRestored = "task.restored",
    /// A task waits for another one from now on.
    DependencyAdded = "dependency.added",
    /// A task no longer waits for another one.
    DependencyRemoved = "dependency.removed",
    /// A comment was written.
    CommentAdded = "comment.added",
    /// A commit was linked to a task.
    CommitLinked = "commit.linked",
    /// A cycle was ended and the next one opened.
    CycleEnded = "cycle.ended",
    /// A project was created.
    ProjectCreated = "project.created",
    /// Settings, roles, buckets or members of a project changed.
    ProjectChanged = "project.changed",
    /// A project was put away: it is read-only from now on.
    ProjectArchived = "project.archived",
    /// A project that was put away came back.
    ProjectUnarchived = "project.unarchived",
    /// A token was issued.
    TokenIssued = "token.issued",
    /// A token was revoked.
    TokenRevoked = "token.revoked",
}

impl std::str::FromStr for EventKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
            format!("one of {}", known.join(", "))
        })
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for EventKind {
    fn schema_name() -> Cow<'static, str> {
        "EventKind".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// Without the list of kinds: it would cost every agent more than the one who mistypes.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A task, with its comments, commits and dependencies.
    Task(TaskId),
    /// A cycle.
    Cycle(CycleId),
    /// The project itself.
    Project(ProjectId),
    /// A token.
    Token(TokenId),
}

impl Subject {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Task(_) => "task",
            Self::Cycle(_) => "cycle",
            Self::Project(_) => "project",
            Self::Token(_) => "token",
        }
    }

    pub(super) fn id(self) -> Uuid {
        match self {
            Self::Task(id) => id.uuid(),
            Self::Cycle(id) => id.uuid(),
            Self::Project(id) => id.uuid(),
            Self::Token(id) => id.uuid(),
        }
    }
}
