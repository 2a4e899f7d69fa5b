//! People of the instance, and who of them administers it.
//!
//! From the first person on there is at least one administrator: whatever changes that set holds
//! one lock, so that two changes at the same instant cannot both pass.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::access::InstanceScope;
use crate::error::{Error, Kind, Result};
use crate::ids::UserId;
use crate::text::Line;

/// A person.
#[derive(Clone, Debug, Serialize)]
pub struct User {
    /// The person's id.
    pub id: UserId,
    /// The name at GitHub, and in every list.
    pub login: String,
    /// The name to show; the login where none is known.
    pub display_name: String,
    /// Whether the person administers the instance.
    pub is_admin: bool,
    /// When the person was first known here.
    pub created_at: DateTime<Utc>,
    /// When the person was last here.
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// A login: 1 to 39 letters, digits and hyphens, as at GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login(String);

impl Login {
    /// The checked text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Login {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=39).contains(&text.len())
            && !text.starts_with('-')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !fits {
            return Err("1 to 39 letters, digits and hyphens, not beginning with a hyphen".into());
        }
        Ok(Self(text.to_owned()))
    }
}

/// A person to be made known.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The login; taken whatever its letters' case.
    pub login: Login,
    /// The name to show; the login when absent.
    pub display_name: Option<Line<200>>,
}

/// Makes a person known. The first one of an empty instance becomes its administrator.
pub async fn create(db: &mut PgConnection, _: InstanceScope, new: &NewUser) -> Result<User> {
    lock_admins(db).await?;
    sqlx::query_file_as!(
        User,
        "sql/identity/create_user.sql",
        UserId::fresh() as _,
        new.login.as_str(),
        new.display_name.as_ref().map_or(new.login.as_str(), Line::as_str),
    )
    .fetch_optional(db)
    .await?
    .ok_or_else(|| Error::invalid("login", "somebody has that login already; choose another"))
}

/// The person with this login, whatever its letters' case.
pub async fn find(db: &mut PgConnection, _: InstanceScope, login: &str) -> Result<User> {
    sqlx::query_file_as!(User, "sql/identity/find_user.sql", login)
        .fetch_optional(db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::User, login))
}

/// The administrator who was known first: who owns what the operator makes without naming anybody.
pub async fn oldest_admin(db: &mut PgConnection, _: InstanceScope) -> Result<Option<User>> {
    Ok(sqlx::query_file_as!(User, "sql/identity/oldest_admin.sql").fetch_optional(db).await?)
}

/// Everybody, in the order of their logins.
pub async fn list(db: &mut PgConnection, _: InstanceScope) -> Result<Vec<User>> {
    Ok(sqlx::query_file_as!(User, "sql/identity/list_users.sql").fetch_all(db).await?)
}

/// Makes a person an administrator; fine when it is one.
pub async fn grant_admin(db: &mut PgConnection, _: InstanceScope, user: UserId) -> Result<()> {
    lock_admins(db).await?;
    let granted = sqlx::query_file!("sql/identity/grant_admin.sql", user as _).execute(db).await?;
    if granted.rows_affected() == 0 {
        return Err(Error::not_found(Kind::User, user));
    }
    Ok(())
}

/// Takes a person's administration away; fine when it has none, refused for the last one.
pub async fn revoke_admin(db: &mut PgConnection, _: InstanceScope, user: UserId) -> Result<()> {
    lock_admins(db).await?;
    let now = sqlx::query_file!("sql/identity/revoke_admin.sql", user as _)
        .fetch_optional(db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::User, user))?;
    if now.is_last {
        return Err(Error::Forbidden {
            action: "take administration from the last administrator",
            because: "make somebody else administrator first".to_owned(),
        });
    }
    Ok(())
}

/// One change of the set of administrators at a time, until the transaction ends.
async fn lock_admins(db: &mut PgConnection) -> Result<()> {
    sqlx::query_file!("sql/identity/lock_admins.sql").execute(db).await?;
    Ok(())
}
