//! A project's settings: what its owner may change of it as a whole.
//!
//! Two forms that were open at the same time do not overwrite each other: an edit names the version
//! that was read, and one of another version is refused as stale. The slug never changes, and the
//! key only as long as no task has it in its name.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;

use super::ProjectKey;
use super::changes::{self, Changed};
use super::locks::lock_for_write;
use crate::access::{ProjectScope, Standing};
use crate::error::{Error, Kind, Result};
use crate::ids::UserId;
use crate::text::{Line, Markdown};

/// The page of a project on which a person lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DefaultView {
    Board,
    Gantt,
    Docs,
    Arch,
}

/// A project's settings as a form shows them.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Its name in addresses, for ever.
    pub slug: String,
    /// What its tasks' keys begin with.
    pub key: String,
    /// Whether the key may still be changed: no task was ever created.
    pub may_change_key: bool,
    /// Its name.
    pub name: String,
    /// What it is about, in markdown.
    pub description: String,
    /// The language it is mostly written in.
    pub primary_language: Option<String>,
    /// What sort of project it is, in the team's words.
    pub project_type: Option<String>,
    /// The page a person lands on.
    pub default_view: DefaultView,
    /// What the team calls a cycle.
    pub cycle_label: String,
    /// How many rows a page for an agent has by default.
    pub mcp_page_size: i32,
    /// How long a claim holds without a sign of life, in minutes; 0 means for ever.
    pub lease_minutes: i32,
    /// Who owns it.
    pub owner_id: UserId,
    /// The owner's login.
    pub owner: String,
    /// When it was put away, if it was.
    pub archived_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed as a whole.
    pub updated_at: DateTime<Utc>,
    /// Grows by one with each edit: what an edit has to name.
    pub version: i32,
}

/// A filled-in form: every setting, as it shall be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields of `Settings`")]
pub struct SettingsEdit {
    pub name: Line<100>,
    pub key: ProjectKey,
    pub description: Markdown,
    pub primary_language: Option<Line<60>>,
    pub project_type: Option<Line<60>>,
    pub default_view: DefaultView,
    pub cycle_label: Line<30>,
    /// 1 to 500.
    pub mcp_page_size: i32,
    /// 0 to 1440; 0 switches leases off for claims to come.
    pub lease_minutes: i32,
    /// The version that was read.
    pub version: i32,
}

/// The settings of the caller's project.
pub async fn settings(db: &mut PgConnection, scope: &ProjectScope) -> Result<Settings> {
    sqlx::query_file_as!(Settings, "sql/projects/settings.sql", scope.project() as _)
        .fetch_optional(db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::Project, scope.project()))
}

/// Writes a project's settings, and answers them. Owner and administrators may.
///
/// A form that changes nothing writes nothing, not even a version.
pub async fn edit_settings(
    db: &mut PgConnection,
    scope: &ProjectScope,
    edit: &SettingsEdit,
) -> Result<Settings> {
    const ACTION: &str = "change the project's settings";
    scope.require(Standing::Owner, ACTION)?;
    if !(1..=500).contains(&edit.mcp_page_size) {
        return Err(Error::invalid("mcp_page_size", "a whole number from 1 to 500"));
    }
    if !(0..=1440).contains(&edit.lease_minutes) {
        return Err(Error::invalid(
            "lease_minutes",
            "a whole number of minutes from 0 to 1440; 0 switches leases off",
        ));
    }
    lock_for_write(db, scope, ACTION).await?;
    let before = settings(db, scope).await?;
    if edit.version != before.version {
        return Err(Error::Stale { kind: Kind::Project, current: before.version });
    }
    let changed = compare(&before, edit);
    if changed.is_empty() {
        return Ok(before);
    }
    if edit.key.as_str() != before.key {
        free_to_take(db, scope, &edit.key).await?;
    }
    sqlx::query_file!(
        "sql/projects/edit.sql",
        scope.project() as _,
        edit.name.as_str(),
        edit.key.as_str(),
        edit.description.as_str(),
        edit.primary_language.as_ref().map(Line::as_str),
        edit.project_type.as_ref().map(Line::as_str),
        edit.default_view as _,
        edit.cycle_label.as_str(),
        edit.mcp_page_size,
        edit.lease_minutes,
    )
    .execute(&mut *db)
    .await?;
    changes::record(db, scope, json!({ "changed": changed.fields() })).await?;
    settings(db, scope).await
}

fn compare(before: &Settings, edit: &SettingsEdit) -> Changed {
    let mut changed = Changed::default();
    changed.note("name", before.name.as_str(), edit.name.as_str());
    changed.note("key", before.key.as_str(), edit.key.as_str());
    changed.note_text("description", &before.description, edit.description.as_str());
    let line = |line: &Option<Line<60>>| line.as_ref().map(ToString::to_string);
    changed.note("primary_language", &before.primary_language, &line(&edit.primary_language));
    changed.note("project_type", &before.project_type, &line(&edit.project_type));
    changed.note("default_view", &before.default_view, &edit.default_view);
    changed.note("cycle_label", before.cycle_label.as_str(), edit.cycle_label.as_str());
    changed.note("mcp_page_size", &before.mcp_page_size, &edit.mcp_page_size);
    changed.note("lease_minutes", &before.lease_minutes, &edit.lease_minutes);
    changed
}

/// Sees that a project may have another key and that nobody has it, and keeps both so.
async fn free_to_take(db: &mut PgConnection, scope: &ProjectScope, key: &ProjectKey) -> Result<()> {
    const FIELD: &str = "key";
    let last_number =
        sqlx::query_file_scalar!("sql/projects/lock_numbers.sql", scope.project() as _)
            .fetch_one(&mut *db)
            .await?;
    if last_number > 0 {
        return Err(Error::invalid(FIELD, "stays as it is: tasks are known by it already"));
    }
    // Also against a project that is being made, which takes the first key that it finds free.
    sqlx::query_file!("sql/projects/lock_creation.sql").execute(&mut *db).await?;
    let wanted = [key.as_str().to_owned()];
    let taken =
        sqlx::query_file_scalar!("sql/projects/taken_keys.sql", &wanted).fetch_all(db).await?;
    if !taken.is_empty() {
        return Err(Error::invalid(FIELD, "another project has that key; choose another"));
    }
    Ok(())
}
