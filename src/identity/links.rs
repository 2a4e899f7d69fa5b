//! One-time links: how the operator of an instance without GitHub signs in.
//!
//! Who can make one has the database's credentials, and so is the operator. A link signs in once.
//! Opening it only shows a page with a button, and [`find`] is all that the page asks: mail programs
//! and browsers look at links before anybody clicks, and must not use one up. The button's POST
//! calls [`redeem`].

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::credential::LinkSecret;
use super::users::{self, Login, User};
use crate::access::InstanceScope;
use crate::config::{Config, PublicUrl};
use crate::error::Result;

/// How long a link can be used.
pub const LASTS: TimeDelta = TimeDelta::minutes(15);

/// Whom a link is to sign in.
#[derive(Clone, Debug)]
pub enum Whom {
    /// The administrator who was known first; in an empty instance a new local one of this login.
    Admin {
        /// The login of the new one.
        or_new: Login,
    },
    /// The person with this login.
    Person(Login),
}

/// A link at the one moment its secret is known.
#[derive(Clone, Debug)]
pub struct Link {
    /// Whom it signs in.
    pub user: User,
    /// What it carries.
    pub secret: LinkSecret,
    /// When it stops to work.
    pub expires_at: DateTime<Utc>,
}

impl Link {
    /// The link as it is printed, and nowhere logged.
    #[must_use]
    pub fn address(&self, public_url: &PublicUrl) -> String {
        format!("{public_url}/login/local?key={}", self.secret.expose())
    }
}

/// Whether people sign in by links here: only where GitHub does not do it.
#[must_use]
pub fn are_accepted(config: &Config) -> bool {
    config.github.is_none()
}

/// Makes a link.
///
/// A new local administrator belongs to nobody at GitHub: should GitHub sign people in later, the
/// account stays, and no stranger who has the login there gets it.
pub async fn issue(
    db: &mut PgConnection,
    operator: InstanceScope,
    whom: &Whom,
    now: DateTime<Utc>,
) -> Result<Link> {
    let user = match whom {
        Whom::Person(login) => users::find(db, operator, login.as_str()).await?,
        Whom::Admin { or_new } => users::first_admin(db, operator, or_new).await?,
    };
    let (secret, expires_at) = (LinkSecret::fresh(), now + LASTS);
    sqlx::query_file!("sql/identity/issue_link.sql", &secret.hash(), user.id as _, expires_at)
        .execute(db)
        .await?;
    Ok(Link { user, secret, expires_at })
}

/// Whom a link would sign in, without using it; nobody when it was used or has expired.
pub async fn find(
    db: &mut PgConnection,
    secret: &LinkSecret,
    now: DateTime<Utc>,
) -> Result<Option<User>> {
    Ok(sqlx::query_file_as!(User, "sql/identity/find_link.sql", &secret.hash(), now)
        .fetch_optional(db)
        .await?)
}

/// Uses a link up and says whom it signs in; nobody when it was used before, or has expired.
pub async fn redeem(
    db: &mut PgConnection,
    secret: &LinkSecret,
    now: DateTime<Utc>,
) -> Result<Option<User>> {
    Ok(sqlx::query_file_as!(User, "sql/identity/use_link.sql", &secret.hash(), now)
        .fetch_optional(db)
        .await?)
}

/// Removes what has expired.
pub async fn purge(db: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query_file!("sql/identity/purge_links.sql", now).execute(db).await?;
    Ok(())
}
