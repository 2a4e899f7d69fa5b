//! Putting a project away, bringing it back, and deleting it.
//!
//! An archived project is read-only for everybody, and its tokens are told so. Of a deleted one
//! nothing is left, its events included: they belong to the project, and there is nobody who could
//! read them any more. That it is gone is for the surface to log, once the transaction is committed.

use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use super::changes::record_as;
use super::locks::{lock_links, lock_project, take_time};
use crate::access::{ProjectScope, Standing};
use crate::error::{Error, Result};
use crate::events::EventKind;

/// Puts a project away; fine when it is. Owner and administrators may.
pub async fn archive(db: &mut PgConnection, scope: &ProjectScope) -> Result<()> {
    scope.require_standing(Standing::Owner, "archive the project")?;
    set_archived(db, scope, true).await
}

/// Brings a project back that was put away; fine when it was not. Owner and administrators may.
pub async fn unarchive(db: &mut PgConnection, scope: &ProjectScope) -> Result<()> {
    scope.require_standing(Standing::Owner, "bring the project back")?;
    set_archived(db, scope, false).await
}

async fn set_archived(db: &mut PgConnection, scope: &ProjectScope, archived: bool) -> Result<()> {
    if lock_project(db, scope).await?.is_archived == archived {
        return Ok(());
    }
    sqlx::query_file!("sql/projects/set_archived.sql", scope.project() as _, archived)
        .execute(&mut *db)
        .await?;
    let kind = if archived { EventKind::ProjectArchived } else { EventKind::ProjectUnarchived };
    record_as(db, scope, kind, json!({})).await
}

/// What has gone with a deleted project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Its name in addresses, which is free now.
    pub slug: String,
    /// How many tasks it had.
    pub tasks: i64,
    /// How many tokens opened it until now.
    pub tokens: i64,
}

/// Deletes a project with everything in it, for ever. Administrators may, who type its slug.
pub async fn delete(
    db: &mut PgConnection,
    scope: &ProjectScope,
    typed_slug: &str,
) -> Result<Deleted> {
    scope.require_standing(Standing::Admin, "delete the project")?;
    // Whoever changes many tasks at once is waited for; who changes one, at the rows.
    lock_links(db, scope).await?;
    lock_project(db, scope).await?;
    let deleted =
        sqlx::query_file_as!(Deleted, "sql/projects/to_be_deleted.sql", scope.project() as _)
            .fetch_one(&mut *db)
            .await?;
    if typed_slug != deleted.slug {
        return Err(Error::invalid("slug", format!("type {} to delete the project", deleted.slug)));
    }
    take_time(db).await?;
    // The tasks first: a claim that is under way holds a task and then asks for its member.
    sqlx::query_file!("sql/projects/delete_tasks.sql", scope.project() as _)
        .execute(&mut *db)
        .await?;
    sqlx::query_file!("sql/projects/delete.sql", scope.project() as _).execute(db).await?;
    Ok(deleted)
}
