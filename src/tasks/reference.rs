//! How callers name a task: by its id or by its key.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, de};
use sqlx::PgConnection;
use uuid::Uuid;

use super::read::card;
use crate::access::ProjectScope;
use crate::error::{Error, Kind, Result};
use crate::ids::TaskId;

/// A task as a caller names it: `NOT-42` or a uuid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TaskRef {
    /// The id.
    Id(TaskId),
    /// The key: the project's key in capitals, and the number.
    Key(String, i32),
}

impl TaskRef {
    /// Reads a reference; the error says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || "a task key such as NOT-42, or a uuid".to_owned();
        if let Ok(id) = Uuid::try_parse(text) {
            return Ok(Self::Id(id.into()));
        }
        let (key, number) = text.split_once('-').ok_or_else(expected)?;
        let is_key = (2..=6).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphabetic());
        let is_number = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
        if !is_key || !is_number {
            return Err(expected());
        }
        let number = number.parse().map_err(|_| expected())?;
        Ok(Self::Key(key.to_ascii_uppercase(), number))
    }

    /// Finds the task in the caller's project.
    ///
    /// An id is taken at its word: the statement that uses it looks in the project only.
    pub async fn resolve(&self, db: &mut PgConnection, scope: &ProjectScope) -> Result<TaskId> {
        let missing = || Error::not_found(Kind::Task, self);
        match self {
            Self::Id(id) => Ok(*id),
            Self::Key(key, _) if key != scope.project_key() => Err(missing()),
            Self::Key(_, number) => {
                sqlx::query_file_scalar!("sql/tasks/by_number.sql", scope.project() as _, number)
                    .fetch_optional(db)
                    .await?
                    .ok_or_else(missing)
            }
        }
    }

    /// Finds the task in the caller's project, and sees that it is there: for what names a task
    /// without touching it.
    pub async fn resolve_existing(
        &self,
        db: &mut PgConnection,
        scope: &ProjectScope,
    ) -> Result<TaskId> {
        let id = self.resolve(db, scope).await?;
        Ok(card(db, scope, id).await?.id)
    }
}

impl std::fmt::Display for TaskRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Key(key, number) => write!(f, "{key}-{number}"),
        }
    }
}

impl<'de> Deserialize<'de> for TaskRef {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for TaskRef {
    fn schema_name() -> Cow<'static, str> {
        "TaskRef".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}
