//! What can go wrong in the domain.
//!
//! A variant is a situation that the caller can act on. Its text is written for the reader who
//! has to act: [`Display`](std::fmt::Display) says what is the case, [`Error::next`] what to do.
//! A refusal has written nothing. Statuses and layout belong to the surfaces.

use std::error::Error as StdError;

use thiserror::Error;
use uuid::Uuid;

/// What a domain function answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A refusal, or a failure of our own.
#[derive(Debug, Error)]
pub enum Error {
    /// Nothing of that name is here for this caller; it may exist elsewhere.
    #[error("there is no {kind} {named} here")]
    NotFound {
        /// What was looked for.
        kind: Kind,
        /// The id as the caller wrote it, quoted and shortened.
        named: String,
    },

    /// The caller is who it says, and may not do this.
    #[error("you may not {action}: {because}")]
    Forbidden {
        /// "end a cycle".
        action: &'static str,
        /// Who may, or what stands in the way.
        because: String,
    },

    /// A value breaks a rule; nothing was ignored or corrected.
    #[error("{field}: {rule}")]
    Invalid {
        /// The argument or form field.
        field: String,
        /// What is expected of it.
        rule: String,
    },

    /// The thing was changed since the caller read it.
    #[error("the {kind} is at version {current} now")]
    Stale {
        /// What was to be changed.
        kind: Kind,
        /// Its version at this moment.
        current: i32,
    },

    /// The task cannot be taken or moved in its present condition.
    #[error("{0}")]
    NotReady(Refusal),

    /// Something that has to be closed first is open.
    #[error("{key} waits for {}", list(.open))]
    Blocked {
        /// The task that was to be taken or closed.
        key: String,
        /// What it waits for.
        open: Vec<OpenTask>,
    },

    /// Somebody else holds the task, or is meant to do it.
    #[error("{0}")]
    Taken(Refusal),

    /// The named claim is over; whoever held it must stop.
    #[error("the claim on {key} is no longer yours: {because}")]
    LostClaim {
        /// The task.
        key: String,
        /// What has become of it.
        because: String,
    },

    /// A token named a project that is not its own.
    #[error("token scoped to project {own}, request targets {requested}")]
    Scope {
        /// The slug of the token's project.
        own: String,
        /// The project as the caller wrote it.
        requested: String,
    },

    /// Too much was going on at once, and this call gave way. Sent again, it will most likely do.
    #[error("too much is going on at the moment, and this call gave way")]
    Busy(#[source] Box<dyn StdError + Send + Sync>),

    /// Our fault, or the database's. The caller sees a reference, never the source.
    #[error("something went wrong on our side")]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
}

/// Why a task is not handed out or moved, and the way on, which depends on the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    reason: String,
    next: &'static str,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

/// The way on for whoever wanted a task, and need not have this one.
pub const TAKE_ANOTHER: &str = "take another task with claim_next";

/// The kinds of things that can be missing or stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A project.
    Project,
    /// A user of the instance.
    User,
    /// A user inside a project.
    Member,
    /// A role of a project.
    Role,
    /// A priority bucket of a project.
    Bucket,
    /// A cycle of a project.
    Cycle,
    /// A token.
    Token,
    /// A browser in which a person is signed in.
    Session,
    /// A task.
    Task,
    /// A comment on a task.
    Comment,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Project => "project",
            Self::User => "user",
            Self::Member => "member",
            Self::Role => "role",
            Self::Bucket => "priority bucket",
            Self::Cycle => "cycle",
            Self::Token => "token",
            Self::Session => "session",
            Self::Task => "task",
            Self::Comment => "comment",
        })
    }
}

/// An open task that stands in the way of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTask {
    /// `NOT-42`.
    pub key: String,
    /// Written by people and agents; quoted wherever it meets a sentence of ours.
    pub title: String,
    /// `todo` or `doing`.
    pub state: String,
}

fn list(open: &[OpenTask]) -> String {
    /// Enough to act on; a feature can have hundreds of open children.
    const SHOWN: usize = 10;
    let mut text = open
        .iter()
        .take(SHOWN)
        .map(|task| format!("{} ({}, {:?})", task.key, task.state, task.title))
        .collect::<Vec<_>>()
        .join(", ");
    if open.len() > SHOWN {
        use std::fmt::Write as _;
        let _ = write!(text, " and {} more", open.len() - SHOWN);
    }
    text
}

impl Error {
    /// A thing that was named and is not here.
    #[must_use]
    pub fn not_found(kind: Kind, named: impl std::fmt::Display) -> Self {
        Self::NotFound { kind, named: quoted(&named.to_string()) }
    }

    /// A value that breaks a rule.
    #[must_use]
    pub fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), rule: rule.into() }
    }

    /// A change that a project which was put away does not take.
    #[must_use]
    pub fn archived(action: &'static str) -> Self {
        Self::Forbidden { action, because: "the project is archived and read-only".to_owned() }
    }

    /// The same refusal, with the name under which the caller wrote the value.
    #[must_use]
    pub fn of_field(self, field: impl Into<String>) -> Self {
        match self {
            Self::Invalid { rule, .. } => Self::Invalid { field: field.into(), rule },
            other => other,
        }
    }

    /// A task in a condition that does not allow what was asked for; `next` is the way on.
    #[must_use]
    pub fn not_ready(reason: impl Into<String>, next: &'static str) -> Self {
        Self::NotReady(Refusal { reason: reason.into(), next })
    }

    /// A task that is somebody else's; `next` is the way on.
    #[must_use]
    pub fn taken(reason: impl Into<String>, next: &'static str) -> Self {
        Self::Taken(Refusal { reason: reason.into(), next })
    }

    /// Wraps a failure that the caller cannot do anything about.
    #[must_use]
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// The stable name of the situation, the same on every surface.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::Forbidden { .. } => "forbidden",
            Self::Invalid { .. } => "invalid",
            Self::Stale { .. } => "stale",
            Self::NotReady(_) => "not_ready",
            Self::Blocked { .. } => "blocked",
            Self::Taken(_) => "taken",
            Self::LostClaim { .. } => "lost_claim",
            Self::Scope { .. } => "scope",
            Self::Busy(_) => "busy",
            Self::Internal(_) => "internal",
        }
    }

    /// What the caller should do now: one sentence without its full stop.
    #[must_use]
    pub fn next(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "check the id, or list what is there",
            Self::Forbidden { .. } => "ask somebody who may, or leave it",
            Self::Invalid { .. } => "correct the argument and call again; nothing was written",
            Self::Stale { .. } => "read it again, merge your change, and send the new version",
            Self::NotReady(refusal) | Self::Taken(refusal) => refusal.next,
            Self::Blocked { .. } => "close those first, or take another task with claim_next",
            Self::LostClaim { .. } => {
                "stop working on it, write nothing more to it, and take another task with claim_next"
            }
            Self::Scope { .. } => "leave project_id out, or use a token of that project",
            Self::Busy(_) => "wait a second, then send the same call again; nothing was written",
            Self::Internal(_) => "try again; if it stays, give the reference to the operator",
        }
    }

    /// Turns the violation of a named constraint into a refusal, and leaves every other error alone.
    ///
    /// Called where a statement can hit a constraint that expresses a rule.
    #[must_use]
    pub fn on_constraint(source: sqlx::Error, constraint: &str, refusal: Error) -> Self {
        match source.as_database_error().and_then(|error| error.constraint()) {
            Some(name) if name == constraint => refusal,
            _ => source.into(),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(source: sqlx::Error) -> Self {
        if is_busy(&source) { Self::Busy(source.into()) } else { Self::internal(source) }
    }
}

/// Whether the failure is one of timing: nothing came of it, and nothing is broken.
fn is_busy(error: &sqlx::Error) -> bool {
    /// Serialization failure, deadlock, no lock in time, statement out of time.
    const GAVE_WAY: [&str; 4] = ["40001", "40P01", "55P03", "57014"];
    match error {
        sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| GAVE_WAY.contains(&code.as_ref()))
        }
        _ => false,
    }
}

/// An error with everything that it came from, for the log.
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Quotes what a caller wrote before it goes into a sentence of ours: escaped, and at most 60 characters.
#[must_use]
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    if Uuid::try_parse(text).is_ok() || is_task_key(text) {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("{cut:?}")
}

fn is_task_key(text: &str) -> bool {
    text.len() <= 20
        && text.split_once('-').is_some_and(|(key, number)| {
            key.bytes().all(|byte| byte.is_ascii_alphabetic())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}
