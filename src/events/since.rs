//! Reading the record on from a position.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::EventKind;
use crate::access::ProjectScope;
use crate::error::{Error, Result};
use crate::ids::TaskId;

/// A place in the record: everything up to it has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(i64);

impl Cursor {
    /// Before the first event there ever was.
    pub const START: Self = Self(0);

    /// After the event with this position.
    #[must_use]
    pub fn after(position: i64) -> Self {
        Self(position)
    }

    /// The position of the last event that has been read.
    #[must_use]
    pub fn position(self) -> i64 {
        self.0
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let position = text.parse().ok().filter(|position| *position >= 0);
        position.map(Self).ok_or_else(|| "the cursor of an earlier answer, unchanged".to_owned())
    }
}

impl TryFrom<String> for Cursor {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.0.to_string()
    }
}

impl schemars::JsonSchema for Cursor {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cursor".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

/// Which events are asked for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Where to read on; the newest events when absent.
    pub cursor: Option<Cursor>,
    /// Only these kinds; every kind when absent or empty.
    pub kinds: Option<Vec<EventKind>>,
    /// Only what happened to this task.
    pub task: Option<TaskId>,
    /// How many at most, 1 to 500; the project's page size when absent.
    pub limit: Option<i32>,
}

/// Some events, oldest first.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// The events.
    pub events: Vec<Event>,
    /// Where to read on, whether or not there were any events.
    pub cursor: Cursor,
}

/// A recorded fact.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Its position in the record.
    pub id: i64,
    /// What happened, `task.claimed`.
    pub kind: String,
    /// Who did it; null for Nottario itself.
    pub actor: Option<ActorName>,
    /// What it happened to.
    pub subject: SubjectName,
    /// What changed.
    pub data: Value,
    /// When.
    pub at: DateTime<Utc>,
}

/// A person, or an agent and the person behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActorName {
    /// The person's login.
    pub user: String,
    /// The agent's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// What an event is about, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubjectName {
    /// `task`, `cycle`, `project` or `token`.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// A task's key; absent once the task has been purged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// The project's events after a cursor, oldest first.
///
/// Without a cursor: the newest ones, as many as the limit says. Reading everything there is from
/// the beginning takes [`Cursor::START`]. The cursor in the answer is always where to read on.
pub async fn since(db: &mut PgConnection, scope: &ProjectScope, query: &Query) -> Result<Page> {
    let limit = query.limit.unwrap_or(scope.page_size());
    if !(1..=500).contains(&limit) {
        return Err(Error::invalid("limit", "a number from 1 to 500"));
    }
    // Read before the events: what is numbered in between belongs to the next page.
    let last = last_position(db).await?;
    let kinds = query.kinds.as_ref().filter(|kinds| !kinds.is_empty());
    let kinds: Option<Vec<_>> =
        kinds.map(|kinds| kinds.iter().map(|kind| kind.as_str().to_owned()).collect());
    let events = match query.cursor {
        Some(Cursor(after)) if after > last => {
            return Err(Error::invalid(
                "cursor",
                "the cursor of an earlier answer: this one is ahead of the record",
            ));
        }
        Some(Cursor(after)) => {
            sqlx::query_file_as!(
                EventRow,
                "sql/events/since.sql",
                scope.project() as _,
                after,
                last,
                kinds.as_deref() as _,
                query.task as _,
                i64::from(limit),
            )
            .fetch_all(db)
            .await?
        }
        None => {
            let mut newest = sqlx::query_file_as!(
                EventRow,
                "sql/events/newest.sql",
                scope.project() as _,
                last,
                kinds.as_deref() as _,
                query.task as _,
                i64::from(limit),
            )
            .fetch_all(db)
            .await?;
            newest.reverse();
            newest
        }
    };
    let is_full = query.cursor.is_some() && i64::try_from(events.len()) == Ok(i64::from(limit));
    let read_to = if is_full { events.last().map_or(last, |event| event.id) } else { last };
    let events = events.into_iter().map(|row| row.named(scope)).collect();
    Ok(Page { events, cursor: Cursor(read_to) })
}

/// The position that was given last.
pub(super) async fn last_position(db: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_file_scalar!("sql/events/last_position.sql").fetch_one(db).await?)
}

/// An event as the statements answer it.
struct EventRow {
    id: i64,
    kind: String,
    user: Option<String>,
    token: Option<String>,
    subject_kind: String,
    subject_id: Uuid,
    number: Option<i32>,
    data: Value,
    at: DateTime<Utc>,
}

impl EventRow {
    fn named(self, scope: &ProjectScope) -> Event {
        let token = self.token;
        Event {
            id: self.id,
            kind: self.kind,
            actor: self.user.map(|user| ActorName { user, token }),
            subject: SubjectName {
                kind: self.subject_kind,
                id: self.subject_id,
                key: self.number.map(|number| format!("{}-{number}", scope.project_key())),
            },
            data: self.data,
            at: self.at,
        }
    }
}
