//! Roles: the kinds of work that members take and tasks ask for.

use serde::Serialize;
use sqlx::PgConnection;

use crate::access::ProjectScope;
use crate::error::Result;
use crate::ids::RoleId;

/// A kind of work.
#[derive(Clone, Debug, Serialize)]
pub struct Role {
    /// The role's id.
    pub id: RoleId,
    /// Its short name, `backend`.
    pub key: String,
    /// Its name for people.
    pub label: String,
    /// The colour it is shown in.
    pub color: String,
    /// Its place in the list.
    pub position: i32,
}

/// The project's roles, in their order.
pub async fn list_roles(db: &mut PgConnection, scope: &ProjectScope) -> Result<Vec<Role>> {
    Ok(sqlx::query_file_as!(Role, "sql/projects/list_roles.sql", scope.project() as _)
        .fetch_all(db)
        .await?)
}
