//! Reading projects: the caller's own one, and for the operator all of them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::DefaultView;
use crate::access::{InstanceScope, ProjectScope};
use crate::error::{Error, Kind, Result};
use crate::ids::ProjectId;

/// A project with its settings and how its tasks stand.
#[derive(Clone, Debug, Serialize)]
pub struct Project {
    /// The project's id.
    pub id: ProjectId,
    /// Its name in addresses.
    pub slug: String,
    /// What its tasks' keys begin with.
    pub key: String,
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
    /// How long a claim holds without a sign of life; 0 means for ever.
    pub lease_minutes: i32,
    /// The owner's login.
    pub owner: String,
    /// How many tasks are in each state.
    pub stats: Stats,
}

/// How many tasks are in each state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Waiting to be taken.
    pub todo: i64,
    /// Being worked on.
    pub doing: i64,
    /// Finished.
    pub done: i64,
    /// Closed without being done.
    pub wont_do: i64,
}

/// The caller's project.
pub async fn get(db: &mut PgConnection, scope: &ProjectScope) -> Result<Project> {
    let row = sqlx::query_file!("sql/projects/get.sql", scope.project() as _)
        .fetch_optional(db)
        .await?
        // Deleted since the scope was given.
        .ok_or_else(|| Error::not_found(Kind::Project, scope.project()))?;
    Ok(Project {
        id: scope.project(),
        slug: row.slug,
        key: row.key,
        name: row.name,
        description: row.description,
        primary_language: row.primary_language,
        project_type: row.project_type,
        default_view: row.default_view,
        cycle_label: row.cycle_label,
        mcp_page_size: row.mcp_page_size,
        lease_minutes: row.lease_minutes,
        owner: row.owner,
        stats: Stats { todo: row.todo, doing: row.doing, done: row.done, wont_do: row.wont_do },
    })
}

/// A project in the operator's list.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// The project's id.
    pub id: ProjectId,
    /// Its name in addresses.
    pub slug: String,
    /// What its tasks' keys begin with.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The owner's login.
    pub owner: String,
    /// When it was put away, if it was.
    pub archived_at: Option<DateTime<Utc>>,
}

/// Every project, in the order of the slugs.
pub async fn list(db: &mut PgConnection, _: InstanceScope) -> Result<Vec<Listed>> {
    Ok(sqlx::query_file_as!(Listed, "sql/projects/list.sql").fetch_all(db).await?)
}

/// The project that an operator means by a slug, an id or a key.
pub async fn resolve(db: &mut PgConnection, _: InstanceScope, named: &str) -> Result<ProjectId> {
    sqlx::query_file_scalar!("sql/projects/resolve.sql", Uuid::try_parse(named).ok(), named)
        .fetch_optional(db)
        .await?
        .map(ProjectId::from)
        .ok_or_else(|| Error::not_found(Kind::Project, named))
}
