//! Roles: the kinds of work that members take and tasks ask for.
//!
//! A role's key stays as it is, since agents and tasks' authors know the role by it. A role that goes
//! is taken off open tasks, members and tokens in one transaction: no task is left asking for what
//! nobody can hold, and nobody leaves the project.

use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use super::changes::{self, Changed};
use super::locks::{LockedProject, lock_for_write, lock_links, take_time};
use super::{ShortName, Swatch};
use crate::access::{ProjectScope, Standing};
use crate::error::{Error, Kind, Result};
use crate::ids::RoleId;
use crate::text::Line;

/// More would not be kinds of work any more, and a claim looks at one lane for each.
pub const MOST_ROLES: usize = 30;

/// A kind of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Role {
    /// The role's id.
    pub id: RoleId,
    /// Its short name, `backend`.
    pub key: String,
    /// Its name for people.
    pub label: String,
    /// The colour it is shown in.
    pub color: Swatch,
    /// Its place in the list.
    pub position: i32,
}

/// A role to be made.
#[derive(Clone, Debug)]
pub struct NewRole {
    /// Its name for people.
    pub label: Line<60>,
    /// Its short name; made from the label when absent.
    pub key: Option<ShortName>,
    /// The colour it is shown in.
    pub color: Swatch,
}

/// A role's name and colour, as they shall be.
#[derive(Clone, Debug)]
pub struct RoleEdit {
    /// Its name for people.
    pub label: Line<60>,
    /// The colour it is shown in.
    pub color: Swatch,
}

/// What a role is used for: what loses it when it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RoleUse {
    /// Members who hold it; they stay members.
    pub members: i64,
    /// Live tokens that work in it unless told otherwise.
    pub tokens: i64,
    /// Open tasks that ask for it; they are for everybody then.
    pub open_tasks: i64,
}

/// A role with what it is used for.
#[derive(Clone, Debug, Serialize)]
pub struct UsedRole {
    /// The role.
    #[serde(flatten)]
    pub role: Role,
    /// What it is used for.
    #[serde(flatten)]
    pub used: RoleUse,
}

/// Which way a role moves in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Direction {
    Up,
    Down,
}

/// The project's roles, in their order.
pub async fn list_roles(db: &mut PgConnection, scope: &ProjectScope) -> Result<Vec<Role>> {
    Ok(sqlx::query_file_as!(Role, "sql/projects/list_roles.sql", scope.project() as _)
        .fetch_all(db)
        .await?)
}

/// The project's roles in their order, with what each is used for.
pub async fn used_roles(db: &mut PgConnection, scope: &ProjectScope) -> Result<Vec<UsedRole>> {
    let rows = sqlx::query_file!("sql/projects/used_roles.sql", scope.project() as _)
        .fetch_all(db)
        .await?;
    let used = rows.into_iter().map(|row| UsedRole {
        role: Role {
            id: row.id,
            key: row.key,
            label: row.label,
            color: row.color,
            position: row.position,
        },
        used: RoleUse { members: row.members, tokens: row.tokens, open_tasks: row.open_tasks },
    });
    Ok(used.collect())
}

/// Makes a role, at the end of the list. Owner and administrators may.
pub async fn create_role(
    db: &mut PgConnection,
    scope: &ProjectScope,
    new: &NewRole,
) -> Result<Role> {
    enter(db, scope, "add a role").await?;
    let present = list_roles(db, scope).await?;
    if present.len() >= MOST_ROLES {
        return Err(Error::invalid(
            "label",
            format!("a project has at most {MOST_ROLES} roles; delete one that is not used"),
        ));
    }
    let is_free = |key: &ShortName| present.iter().all(|role| role.key != key.as_str());
    let key = match &new.key {
        Some(key) if is_free(key) => key.clone(),
        Some(_) => {
            return Err(Error::invalid("key", "another role has that key; choose another"));
        }
        // One more than there can be roles, so one of them is free.
        None => {
            ShortName::candidates(new.label.as_str()).take(MOST_ROLES).find(is_free).ok_or_else(
                || Error::invalid("key", "give one: those made from the label are taken"),
            )?
        }
    };
    let id = RoleId::fresh();
    let position = sqlx::query_file_scalar!(
        "sql/projects/create_role.sql",
        scope.project() as _,
        id as _,
        key.as_str(),
        new.label.as_str(),
        new.color.as_str(),
    )
    .fetch_one(&mut *db)
    .await?;
    let (key, label, color) = (key.as_str().to_owned(), new.label.to_string(), new.color);
    let role = Role { id, key, label, color, position };
    let data = json!({ "role": id, "added": { "key": role.key, "label": role.label } });
    changes::record(db, scope, data).await?;
    Ok(role)
}

/// Changes a role's name and colour. Owner and administrators may.
pub async fn edit_role(
    db: &mut PgConnection,
    scope: &ProjectScope,
    role: RoleId,
    edit: &RoleEdit,
) -> Result<()> {
    enter(db, scope, "change a role").await?;
    let before = find(db, scope, role).await?;
    let mut changed = Changed::default();
    changed.note("label", before.label.as_str(), edit.label.as_str());
    changed.note("color", &before.color, &edit.color);
    if changed.is_empty() {
        return Ok(());
    }
    sqlx::query_file!(
        "sql/projects/edit_role.sql",
        scope.project() as _,
        role as _,
        edit.label.as_str(),
        edit.color.as_str(),
    )
    .execute(&mut *db)
    .await?;
    changes::record(db, scope, json!({ "role": role, "changed": changed.fields() })).await
}

/// Moves a role one place up or down; at the end of the list it stays. Owner and administrators may.
pub async fn move_role(
    db: &mut PgConnection,
    scope: &ProjectScope,
    role: RoleId,
    direction: Direction,
) -> Result<()> {
    enter(db, scope, ORDER).await?;
    let mut order: Vec<_> = list_roles(db, scope).await?.iter().map(|role| role.id).collect();
    let place = order
        .iter()
        .position(|id| *id == role)
        .ok_or_else(|| Error::not_found(Kind::Role, role))?;
    let other = match direction {
        Direction::Up => place.checked_sub(1),
        Direction::Down => Some(place + 1).filter(|other| *other < order.len()),
    };
    let Some(other) = other else { return Ok(()) };
    order.swap(place, other);
    write_order(db, scope, &order).await
}

/// Puts the roles in this order. Owner and administrators may.
///
/// Refused as stale when it does not name each of the project's roles once: somebody has added or
/// deleted one since the list was read.
pub async fn reorder_roles(
    db: &mut PgConnection,
    scope: &ProjectScope,
    order: &[RoleId],
) -> Result<()> {
    let project = enter(db, scope, ORDER).await?;
    let present: Vec<_> = list_roles(db, scope).await?.iter().map(|role| role.id).collect();
    let (mut wanted, mut known) = (order.to_vec(), present.clone());
    wanted.sort_unstable();
    known.sort_unstable();
    if wanted != known {
        return Err(Error::Stale { kind: Kind::Project, current: project.version });
    }
    if order == present {
        return Ok(());
    }
    write_order(db, scope, order).await
}

/// What loses a role when it goes: for the page that asks whether it shall.
pub async fn role_use(
    db: &mut PgConnection,
    scope: &ProjectScope,
    role: RoleId,
) -> Result<RoleUse> {
    find(db, scope, role).await?;
    count_use(db, scope, role).await
}

/// Deletes a role, and answers what has lost it. Owner and administrators may.
///
/// Tasks that asked for it are for everybody then, and who holds one goes on with it. Nobody leaves
/// the project: a member without roles is a full member.
pub async fn delete_role(
    db: &mut PgConnection,
    scope: &ProjectScope,
    role: RoleId,
) -> Result<RoleUse> {
    const ACTION: &str = "delete a role";
    scope.require(Standing::Owner, ACTION)?;
    // Before the rows of the tasks, of which there can be many.
    lock_links(db, scope).await?;
    lock_for_write(db, scope, ACTION).await?;
    take_time(db).await?;
    let key =
        sqlx::query_file_scalar!("sql/projects/lock_role.sql", scope.project() as _, role as _)
            .fetch_optional(&mut *db)
            .await?
            .ok_or_else(|| Error::not_found(Kind::Role, role))?;
    let used = count_use(db, scope, role).await?;
    sqlx::query_file!(
        "sql/projects/clear_role.sql",
        scope.project() as _,
        role as _,
        scope.actor().user as _,
        scope.actor().token as _,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_file!("sql/projects/delete_role.sql", scope.project() as _, role as _)
        .execute(&mut *db)
        .await?;
    let data = json!({ "role": role, "deleted": { "key": key, "had": used } });
    changes::record(db, scope, data).await?;
    Ok(used)
}

const ORDER: &str = "order the roles";

async fn enter(
    db: &mut PgConnection,
    scope: &ProjectScope,
    action: &'static str,
) -> Result<LockedProject> {
    scope.require(Standing::Owner, action)?;
    lock_for_write(db, scope, action).await
}

async fn find(db: &mut PgConnection, scope: &ProjectScope, role: RoleId) -> Result<Role> {
    let roles = list_roles(db, scope).await?;
    roles.into_iter().find(|one| one.id == role).ok_or_else(|| Error::not_found(Kind::Role, role))
}

async fn count_use(db: &mut PgConnection, scope: &ProjectScope, role: RoleId) -> Result<RoleUse> {
    Ok(sqlx::query_file_as!(RoleUse, "sql/projects/role_use.sql", scope.project() as _, role as _)
        .fetch_one(db)
        .await?)
}

async fn write_order(db: &mut PgConnection, scope: &ProjectScope, order: &[RoleId]) -> Result<()> {
    sqlx::query_file!("sql/projects/order_roles.sql", scope.project() as _, order as _)
        .execute(&mut *db)
        .await?;
    changes::record(db, scope, json!({ "roles_order": order })).await
}
