//! Who the caller is: the first thing that an agent asks.

use serde::Serialize;
use sqlx::PgConnection;

use crate::access::ProjectScope;
use crate::error::Result;
use crate::ids::{ProjectId, RoleId, TokenId, UserId};

/// The caller, as it is known here. What it holds right now is for the queue to add.
#[derive(Clone, Debug, Serialize)]
pub struct Whoami {
    /// The person, or the person behind the agent.
    pub user_id: UserId,
    /// That person's login.
    pub github_login: String,
    /// That person's name.
    pub display_name: String,
    /// Whether that person administers the instance, which never widens a token.
    pub is_admin: bool,
    /// `token` for an agent, `session` for a person.
    pub source: &'static str,
    /// The agent's token.
    pub token_id: Option<TokenId>,
    /// That token's name.
    pub token_name: Option<String>,
    /// One entry for each role held in the project; a member without roles has one without role.
    pub memberships: Vec<Membership>,
}

/// One role that the caller holds.
#[derive(Clone, Debug, Serialize)]
pub struct Membership {
    /// The project.
    pub project_id: ProjectId,
    /// Its slug.
    pub project_slug: String,
    /// Its short key.
    pub project_key: String,
    /// Its name.
    pub project_name: String,
    /// The role; null for a full member without roles, as are the following.
    pub role_id: Option<RoleId>,
    /// The role's key.
    pub role_key: Option<String>,
    /// The role's label.
    pub role_label: Option<String>,
    /// The role's colour.
    pub role_color: Option<String>,
    /// The role's place in the project's list.
    pub role_position: Option<i32>,
}

/// Tells the caller who it is in this project.
pub async fn whoami(db: &mut PgConnection, scope: &ProjectScope) -> Result<Whoami> {
    let user = scope.user()?;
    let person = sqlx::query_file!(
        "sql/identity/whoami.sql",
        scope.project() as _,
        user as _,
        scope.actor().token as _,
    )
    .fetch_one(&mut *db)
    .await?;
    let memberships = sqlx::query_file_as!(
        Membership,
        "sql/identity/memberships.sql",
        scope.project() as _,
        user as _,
    )
    .fetch_all(db)
    .await?;
    Ok(Whoami {
        user_id: user,
        github_login: person.login,
        display_name: person.display_name,
        is_admin: person.is_admin,
        source: if scope.actor().token.is_some() { "token" } else { "session" },
        token_id: scope.actor().token,
        token_name: person.token_name,
        memberships,
    })
}
