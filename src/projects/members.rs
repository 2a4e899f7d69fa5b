//! Members: who works in a project, and in which roles.
//!
//! Who is taken out of a project has no live token there from the same transaction on. The owner
//! is always a member.

use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use crate::access::{ProjectScope, Standing};
use crate::error::{Error, Kind, Result};
use crate::events::{self, Change, EventKind, Subject};
use crate::identity::tokens;
use crate::ids::{RoleId, UserId};

/// A person in a project.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// The person.
    pub user_id: UserId,
    /// The person's login.
    pub github_login: String,
    /// The person's name.
    pub display_name: String,
    /// The keys of the roles it holds; none means a full member.
    pub roles: Vec<String>,
    /// Whether it owns the project.
    pub is_owner: bool,
}

/// The project's members, in the order of their logins.
pub async fn list_members(db: &mut PgConnection, scope: &ProjectScope) -> Result<Vec<Member>> {
    Ok(sqlx::query_file_as!(Member, "sql/projects/list_members.sql", scope.project() as _)
        .fetch_all(db)
        .await?)
}

/// Makes a person a member with these roles; one who is a member keeps the roles it has.
pub async fn add_member(
    db: &mut PgConnection,
    scope: &ProjectScope,
    user: UserId,
    roles: &[RoleId],
) -> Result<()> {
    scope.require(Standing::Owner, "add a member")?;
    let is_new = sqlx::query_file!("sql/projects/add_member.sql", scope.project() as _, user as _)
        .fetch_optional(&mut *db)
        .await
        .map_err(|source| {
            let missing = Error::not_found(Kind::User, user);
            Error::on_constraint(source, "members_user_id_fkey", missing)
        })?
        .is_some();

    let mut given = Vec::new();
    for &role in roles {
        let row = sqlx::query_file!(
            "sql/projects/give_role.sql",
            scope.project() as _,
            user as _,
            role as _
        )
        .fetch_optional(&mut *db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::Role, role))?;
        if row.is_new {
            given.push(row.key);
        }
    }
    if is_new || !given.is_empty() {
        let data = json!({ "member": user, "added": is_new, "roles_given": given });
        record_change(db, scope, data).await?;
    }
    Ok(())
}

/// Takes a person out of the project, and ends the tokens it has there. Members may leave by
/// themselves; the owner cannot go before another is named.
pub async fn remove_member(
    db: &mut PgConnection,
    scope: &ProjectScope,
    user: UserId,
) -> Result<()> {
    const ACTION: &str = "remove a member";
    let leaves = scope.actor().user == Some(user) && scope.actor().token.is_none();
    scope.require(if leaves { Standing::Member } else { Standing::Owner }, ACTION)?;

    // The member goes first: its row is what a token being issued at this instant holds on to.
    let removed =
        sqlx::query_file!("sql/projects/remove_member.sql", scope.project() as _, user as _)
            .fetch_optional(&mut *db)
            .await?
            .ok_or_else(|| Error::not_found(Kind::Member, user))?;
    if removed.is_owner {
        return Err(Error::Forbidden {
            action: "remove the project's owner",
            because: "name another owner first".to_owned(),
        });
    }
    tokens::revoke_all_of(db, scope, user).await?;
    record_change(db, scope, json!({ "member": user, "removed": true })).await
}

async fn record_change(
    db: &mut PgConnection,
    scope: &ProjectScope,
    data: serde_json::Value,
) -> Result<()> {
    let change = Change::new(EventKind::ProjectChanged, Subject::Project(scope.project()), data);
    events::record(db, scope, change).await
}
