//! Commits that a task shipped.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, de};
use serde_json::json;
use sqlx::PgConnection;

use super::hold::renew;
use super::model::Who;
use crate::access::ProjectScope;
use crate::error::{Error, Kind, Result};
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::TaskId;

/// A repository as its host names it, `owner/repo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Repo(String);

impl Repo {
    /// Checks a name; the error says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_name = |part: &str| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        let parts: Vec<_> = text.split('/').collect();
        // Hosts with groups have more than two parts.
        if text.len() > 200 || parts.len() < 2 || !parts.iter().all(|part| is_name(part)) {
            return Err("a repository such as owner/repo".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// A commit's hash in full or in part: 7 to 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Sha(String);

impl Sha {
    /// Checks a hash; the error says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !(7..=64).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("7 to 64 hexadecimal digits".to_owned());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// A commit's message: at most 8 KiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CommitMessage(String);

impl CommitMessage {
    const MAX_BYTES: usize = 8192;

    /// Checks a message; the error says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > Self::MAX_BYTES {
            return Err(format!("at most {} bytes, got {}", Self::MAX_BYTES, text.len()));
        }
        if text.contains('\0') {
            return Err("must not contain the character U+0000".to_owned());
        }
        Ok(Self(text.trim_end().to_owned()))
    }
}

macro_rules! text_argument {
    ($name:ident, $schema:tt) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

text_argument!(Repo, { "type": "string", "pattern": "^[^/]+/.+$", "maxLength": 200 });
text_argument!(Sha, { "type": "string", "pattern": "^[0-9a-fA-F]{7,64}$" });
text_argument!(CommitMessage, { "type": "string", "maxLength": 8192 });

/// A commit to be linked.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the types say it, and the doc comments would go into every schema"
)]
pub struct NewCommit {
    pub repo: Repo,
    pub sha: Sha,
    pub message: Option<CommitMessage>,
}

/// A commit as it is read.
#[derive(Clone, Debug, Serialize)]
pub struct Commit {
    /// `owner/repo`.
    pub repo: String,
    /// The hash as it was given, in lower case.
    pub sha: String,
    /// What the commit says of itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Who linked it first.
    pub linked_by: Who,
    /// When it was linked first.
    pub linked_at: DateTime<Utc>,
}

/// Links a commit. Linking it again updates its message and keeps who linked it first.
pub async fn link_commit(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    commit: &NewCommit,
) -> Result<()> {
    scope.require_write("link commits")?;
    // The task's row before the commit's, as when a task is closed with commits.
    renew(db, scope, task).await?;
    write_commit(db, scope, task, commit).await
}

pub(super) async fn write_commit(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    commit: &NewCommit,
) -> Result<()> {
    let is_new = sqlx::query_file_scalar!(
        "sql/tasks/link_commit.sql",
        scope.project() as _,
        task as _,
        commit.repo.0,
        commit.sha.0,
        commit.message.as_ref().map(|message| message.0.as_str()),
        scope.user()? as _,
        scope.actor().token as _,
    )
    .fetch_optional(&mut *db)
    .await?
    .ok_or_else(|| Error::not_found(Kind::Task, task))?;
    if is_new {
        let data = json!({ "repo": commit.repo, "sha": commit.sha });
        events::record(db, scope, Change::new(EventKind::CommitLinked, Subject::Task(task), data))
            .await?;
    }
    Ok(())
}

/// The commits linked to a task, newest link first.
pub async fn commits(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    limit: u16,
) -> Result<Vec<Commit>> {
    let rows = sqlx::query_file!(
        "sql/tasks/commits.sql",
        scope.project() as _,
        task as _,
        i64::from(limit)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Commit {
            repo: row.repo,
            sha: row.sha,
            message: row.message,
            linked_by: Who { user: row.login, token: row.token },
            linked_at: row.linked_at,
        })
        .collect())
}
