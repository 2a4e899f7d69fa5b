//! Members: who works in a project, and in which roles.
//!
//! Who is taken out of a project has no live token there from the same transaction on, holds none of
//! its tasks, and is meant to do none. The owner is always a member.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use super::changes::record;
use super::locks::{LockedProject, lock_for_write, lock_links};
use super::roles::list_roles;
use crate::access::{ProjectScope, Standing};
use crate::error::{Error, Kind, Result};
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

/// A person in a project, with what the project's page of members shows.
#[derive(Clone, Debug, Serialize)]
pub struct MemberCard {
    /// The person.
    pub user_id: UserId,
    /// The person's login.
    pub github_login: String,
    /// The person's name.
    pub display_name: String,
    /// Where the person's picture is.
    pub avatar_url: Option<String>,
    /// When the person was last here in the browser, in whichever project.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// When the person became a member.
    pub joined_at: DateTime<Utc>,
    /// The keys of the roles it holds; none means a full member.
    pub roles: Vec<String>,
    /// Whether it owns the project.
    pub is_owner: bool,
    /// How many of its tokens open the project.
    pub live_tokens: i64,
    /// How many tasks the person and its agents hold.
    pub held_tasks: i64,
}

/// The project's members, in the order of their logins.
pub async fn list_members(db: &mut PgConnection, scope: &ProjectScope) -> Result<Vec<Member>> {
    Ok(sqlx::query_file_as!(Member, "sql/projects/list_members.sql", scope.project() as _)
        .fetch_all(db)
        .await?)
}

/// The project's members with what their page shows, in the order of their logins.
pub async fn member_cards(db: &mut PgConnection, scope: &ProjectScope) -> Result<Vec<MemberCard>> {
    Ok(sqlx::query_file_as!(MemberCard, "sql/projects/member_cards.sql", scope.project() as _)
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
    const ACTION: &str = "add a member";
    scope.require(Standing::Owner, ACTION)?;
    lock_for_write(db, scope, ACTION).await?;
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
        record(db, scope, data).await?;
    }
    Ok(())
}

/// The same for a person of the instance by login, whatever its letters' case; answers who that is.
pub async fn add_member_by_login(
    db: &mut PgConnection,
    scope: &ProjectScope,
    login: &str,
    roles: &[RoleId],
) -> Result<UserId> {
    // Before the look: who is known here is not for everybody to find out.
    scope.require(Standing::Owner, "add a member")?;
    let user = sqlx::query_file_scalar!("sql/projects/user_by_login.sql", login.trim())
        .fetch_optional(&mut *db)
        .await?
        .map(UserId::from)
        .ok_or_else(|| {
            Error::invalid(
                "login",
                "nobody with that login was here yet; the person has to sign in once first",
            )
        })?;
    add_member(db, scope, user, roles).await?;
    Ok(user)
}

/// Gives a member exactly these roles. Owner and administrators may.
pub async fn set_member_roles(
    db: &mut PgConnection,
    scope: &ProjectScope,
    user: UserId,
    roles: &[RoleId],
) -> Result<()> {
    const ACTION: &str = "change a member's roles";
    scope.require(Standing::Owner, ACTION)?;
    lock_for_write(db, scope, ACTION).await?;
    lock_member(db, scope, user).await?;
    let present = list_roles(db, scope).await?;
    if let Some(missing) = roles.iter().find(|id| present.iter().all(|role| role.id != **id)) {
        return Err(Error::not_found(Kind::Role, missing));
    }
    let changed = sqlx::query_file!(
        "sql/projects/set_roles.sql",
        scope.project() as _,
        user as _,
        roles as _
    )
    .fetch_one(&mut *db)
    .await?;
    if changed.given.is_empty() && changed.taken.is_empty() {
        return Ok(());
    }
    let data = json!({
        "member": user,
        "roles_given": changed.given,
        "roles_taken": changed.taken,
    });
    record(db, scope, data).await
}

/// Takes a person out of the project: its tokens end, what it and its agents hold goes back to the
/// queue, and what was assigned to it is free. Members may leave by themselves; the owner cannot go
/// before another is named.
pub async fn remove_member(
    db: &mut PgConnection,
    scope: &ProjectScope,
    user: UserId,
) -> Result<()> {
    const ACTION: &str = "remove a member";
    let leaves = is_oneself(scope, user);
    scope.require(if leaves { Standing::Member } else { Standing::Owner }, ACTION)?;
    let project = enter_to_remove(db, scope, ACTION).await?;
    remove(db, scope, &project, user).await
}

/// Lets the caller leave the project. An owner names the member who owns it from now on.
pub async fn leave(
    db: &mut PgConnection,
    scope: &ProjectScope,
    successor: Option<UserId>,
) -> Result<()> {
    const ACTION: &str = "leave the project";
    let user = scope.user()?;
    if !is_oneself(scope, user) {
        return Err(Error::Forbidden {
            action: ACTION,
            because: "agents cannot; the person does it in the browser".to_owned(),
        });
    }
    scope.require(Standing::Member, ACTION)?;
    let mut project = enter_to_remove(db, scope, ACTION).await?;
    match successor {
        Some(_) if project.owner_id != user => {
            return Err(Error::invalid("successor", "only an owner names one"));
        }
        Some(successor) if successor == user => {
            return Err(Error::invalid("successor", "somebody who stays"));
        }
        Some(successor) => {
            write_owner(db, scope, &project, successor).await?;
            project.owner_id = successor;
        }
        None => {}
    }
    remove(db, scope, &project, user).await
}

/// Gives the project to another of its members; fine when that one owns it. Owner and
/// administrators may. The former owner stays a member, with its roles.
pub async fn change_owner(
    db: &mut PgConnection,
    scope: &ProjectScope,
    owner: UserId,
) -> Result<()> {
    const ACTION: &str = "change the project's owner";
    scope.require(Standing::Owner, ACTION)?;
    let project = lock_for_write(db, scope, ACTION).await?;
    write_owner(db, scope, &project, owner).await
}

/// A person in the browser, and not an agent that acts for it.
fn is_oneself(scope: &ProjectScope, user: UserId) -> bool {
    scope.actor().user == Some(user) && scope.actor().token.is_none()
}

async fn enter_to_remove(
    db: &mut PgConnection,
    scope: &ProjectScope,
    action: &'static str,
) -> Result<LockedProject> {
    // Before the rows of the tasks, of which there can be many.
    lock_links(db, scope).await?;
    lock_for_write(db, scope, action).await
}

async fn remove(
    db: &mut PgConnection,
    scope: &ProjectScope,
    project: &LockedProject,
    user: UserId,
) -> Result<()> {
    // The member's row first: a token being issued, or a task being taken, at this instant holds on
    // to it. What they have written is seen from here on, and others find no member.
    lock_member(db, scope, user).await?;
    if project.owner_id == user {
        return Err(Error::Forbidden {
            action: "take the owner out of the project",
            because: "name another owner first".to_owned(),
        });
    }
    sqlx::query_file!("sql/projects/lock_held.sql", scope.project() as _, user as _)
        .fetch_all(&mut *db)
        .await?;
    let ended = tokens::end_all_of(db, scope, user).await?;
    let unassigned = sqlx::query_file!(
        "sql/projects/unassign.sql",
        scope.project() as _,
        user as _,
        scope.actor().user as _,
        scope.actor().token as _,
    )
    .execute(&mut *db)
    .await?
    .rows_affected();
    sqlx::query_file!("sql/projects/remove_member.sql", scope.project() as _, user as _)
        .execute(&mut *db)
        .await?;
    let data = json!({
        "member": user,
        "removed": true,
        "tokens_revoked": ended.tokens,
        "tasks_released": ended.tasks,
        "tasks_unassigned": unassigned,
    });
    record(db, scope, data).await
}

async fn write_owner(
    db: &mut PgConnection,
    scope: &ProjectScope,
    project: &LockedProject,
    owner: UserId,
) -> Result<()> {
    if project.owner_id == owner {
        return Ok(());
    }
    sqlx::query_file!("sql/projects/change_owner.sql", scope.project() as _, owner as _)
        .fetch_optional(&mut *db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::Member, owner))?;
    record(db, scope, json!({ "owner": [project.owner_id, owner] })).await
}

async fn lock_member(db: &mut PgConnection, scope: &ProjectScope, user: UserId) -> Result<()> {
    sqlx::query_file!("sql/projects/lock_member.sql", scope.project() as _, user as _)
        .fetch_optional(db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::Member, user))?;
    Ok(())
}
