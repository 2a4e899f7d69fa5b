//! People of the instance, and who of them administers it.
//!
//! From the first person on there is at least one administrator, and a login is one person's:
//! whatever changes either holds one lock, so that two changes at the same instant cannot both pass.
//! A person of GitHub is known by its number there, which stays; its login may be given to another.

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
    /// The picture at GitHub.
    pub avatar_url: Option<String>,
    /// Whether the person administers the instance.
    pub is_admin: bool,
    /// When the person was first known here.
    pub created_at: DateTime<Utc>,
    /// When the person was last here.
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// A login: 1 to 39 letters, digits, hyphens and underscores, as at GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login(String);

impl Login {
    /// What an administrator is called for want of a name.
    #[must_use]
    pub fn admin() -> Self {
        Self("admin".to_owned())
    }

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
            && text.as_bytes()[0].is_ascii_alphanumeric()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !fits {
            let rule = "1 to 39 letters, digits, hyphens and underscores, beginning with a letter or digit";
            return Err(rule.to_owned());
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

/// A person as GitHub describes it.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The number by which GitHub knows the person for ever.
    pub id: i64,
    /// The login, which may have been somebody else's.
    pub login: Login,
    /// The name to show.
    pub name: Line<200>,
    /// Where the picture is.
    pub avatar_url: Option<String>,
}

/// Makes a person known. The first one of an empty instance becomes its administrator.
pub async fn create(db: &mut PgConnection, _: InstanceScope, new: &NewUser) -> Result<User> {
    lock_people(db).await?;
    insert(db, &new.login, new.display_name.as_ref(), false)
        .await?
        .ok_or_else(|| Error::invalid("login", "somebody has that login already; choose another"))
}

/// Makes a person of GitHub known, or brings what is known of it up to date.
///
/// The first one of an empty instance becomes its administrator. Whom the operator has made under
/// the login is this person, at its first sign-in. Anybody else who has the login here has lost it
/// at GitHub: that one goes on under a stand-in, until its next sign-in tells its new login.
pub async fn sign_in(db: &mut PgConnection, profile: &Profile, now: DateTime<Utc>) -> Result<User> {
    lock_people(db).await?;
    let login = profile.login.as_str();
    sqlx::query_file!("sql/identity/adopt_user.sql", profile.id, login).execute(&mut *db).await?;
    let renamed = sqlx::query_file!("sql/identity/free_login.sql", profile.id, login)
        .fetch_optional(&mut *db)
        .await?;
    if let Some(renamed) = renamed {
        tracing::info!(
            login,
            stand_in = renamed.login,
            "a login is somebody else's at GitHub now; the person who had it keeps a stand-in"
        );
    }
    Ok(sqlx::query_file_as!(
        User,
        "sql/identity/sign_in.sql",
        UserId::fresh() as _,
        profile.id,
        login,
        profile.name.as_str(),
        profile.avatar_url.as_deref(),
        now,
    )
    .fetch_one(db)
    .await?)
}

/// The administrator who was known first; a new local person when nobody is known at all.
pub(super) async fn first_admin(
    db: &mut PgConnection,
    operator: InstanceScope,
    or_new: &Login,
) -> Result<User> {
    // Before the look: two servers that start together must not make two.
    lock_people(db).await?;
    if let Some(admin) = oldest_admin(db, operator).await? {
        return Ok(admin);
    }
    insert(db, or_new, None, true)
        .await?
        .ok_or_else(|| Error::internal("an instance has people and no administrator"))
}

async fn insert(
    db: &mut PgConnection,
    login: &Login,
    name: Option<&Line<200>>,
    is_local: bool,
) -> Result<Option<User>> {
    Ok(sqlx::query_file_as!(
        User,
        "sql/identity/create_user.sql",
        UserId::fresh() as _,
        login.as_str(),
        name.map_or(login.as_str(), Line::as_str),
        is_local,
    )
    .fetch_optional(db)
    .await?)
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
    lock_people(db).await?;
    let granted = sqlx::query_file!("sql/identity/grant_admin.sql", user as _).execute(db).await?;
    if granted.rows_affected() == 0 {
        return Err(Error::not_found(Kind::User, user));
    }
    Ok(())
}

/// Takes a person's administration away; fine when it has none, refused for the last one.
pub async fn revoke_admin(db: &mut PgConnection, _: InstanceScope, user: UserId) -> Result<()> {
    lock_people(db).await?;
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

/// One change of who is known and who administers at a time, until the transaction ends.
async fn lock_people(db: &mut PgConnection) -> Result<()> {
    sqlx::query_file!("sql/identity/lock_people.sql").execute(db).await?;
    Ok(())
}
