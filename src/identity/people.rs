//! The people of the instance as its administrators see them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::access::InstanceScope;
use crate::error::Result;
use crate::ids::UserId;

/// A person, with the projects it works in.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// The person's id.
    pub id: UserId,
    /// The name at GitHub, and in every list.
    pub login: String,
    /// The name to show; the login where none is known.
    pub display_name: String,
    /// Where the person's picture is.
    pub avatar_url: Option<String>,
    /// Whether the person administers the instance.
    pub is_admin: bool,
    /// When the person was first known here.
    pub created_at: DateTime<Utc>,
    /// When the person was last here.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// The slugs of the projects of which it is a member, archived ones included.
    pub projects: Vec<String>,
}

/// Everybody, in the order of their logins.
pub async fn list(db: &mut PgConnection, _: InstanceScope) -> Result<Vec<Person>> {
    Ok(sqlx::query_file_as!(Person, "sql/identity/list_people.sql").fetch_all(db).await?)
}
