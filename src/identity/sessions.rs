//! Sessions: a browser in which a person is signed in.
//!
//! Whether a session lives is asked of the database at every request, so one that was closed is
//! refused by the very next. [`SignedIn`] is the proof that a request came from a live one: its
//! fields are private and [`authenticate`] is its only constructor, so whatever concerns a
//! person's own account asks for it and cannot be called for somebody else.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use subtle::ConstantTimeEq as _;

use super::browser;
use super::credential::SessionSecret;
use super::keys::SessionKeys;
use super::preferences::{Density, Preferences, Theme};
use super::users::User;
use crate::access::{Caller, Via};
use crate::error::{Error, Kind, Result};
use crate::ids::{SessionId, UserId};

/// A session ends after so long without use.
pub const IDLE: TimeDelta = TimeDelta::days(14);

/// A session ends so long after the sign-in, however much it is used.
pub const LONGEST: TimeDelta = TimeDelta::days(60);

/// Fine enough to see who was here, and rare enough that requests stay reads.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(5);

/// A person in a browser, at this moment.
#[derive(Clone, Debug)]
pub struct SignedIn {
    session: SessionId,
    user: User,
    preferences: Preferences,
    seen_at: DateTime<Utc>,
}

/// A session at the one moment its secret is known.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The session's id.
    pub id: SessionId,
    /// What the browser keeps in its cookie.
    pub secret: SessionSecret,
}

/// A session as its person's list shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Session {
    /// The session's id, by which it is closed.
    pub id: SessionId,
    /// Such as "Firefox on Linux".
    pub browser: String,
    /// When the person signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to within minutes.
    pub last_seen_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// Signs a person in whose identity was proven just now, always with a fresh id and secret.
pub async fn open(
    db: &mut PgConnection,
    keys: &SessionKeys,
    user: UserId,
    user_agent: &str,
    now: DateTime<Utc>,
) -> Result<Opened> {
    let (id, secret) = (SessionId::fresh(), SessionSecret::fresh());
    sqlx::query_file!(
        "sql/identity/open_session.sql",
        id as _,
        user as _,
        &secret.hash(keys),
        browser::summary(user_agent),
        now,
    )
    .execute(db)
    .await?;
    Ok(Opened { id, secret })
}

/// Finds who a cookie's secret belongs to: nobody, unless the session lives.
pub async fn authenticate(
    db: &mut PgConnection,
    keys: &SessionKeys,
    secret: &SessionSecret,
    now: DateTime<Utc>,
) -> Result<Option<SignedIn>> {
    let hash = secret.hash(keys);
    let found =
        sqlx::query_file!("sql/identity/find_session.sql", &hash, now - IDLE, now - LONGEST)
            .fetch_optional(db)
            .await?;
    let found = found.filter(|row| hash.ct_eq(&row.key_hash).into());
    Ok(found.map(|row| SignedIn {
        session: row.id.into(),
        seen_at: row.session_seen_at,
        preferences: Preferences {
            theme: row.theme,
            density: row.density,
            single_keys: row.single_keys,
        },
        user: User {
            id: row.user_id.into(),
            login: row.login,
            display_name: row.display_name,
            avatar_url: row.avatar_url,
            is_admin: row.is_admin,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
        },
    }))
}

impl SignedIn {
    /// The session.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The person.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// How the person likes the pages.
    #[must_use]
    pub fn preferences(&self) -> Preferences {
        self.preferences
    }

    /// The person as a caller, for the access check.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller { user: self.user.id, via: Via::Session { is_admin: self.user.is_admin } }
    }

    /// Whether [`touch`] has something to write: last used some minutes ago.
    #[must_use]
    pub fn is_touch_due(&self, now: DateTime<Utc>) -> bool {
        self.seen_at <= now - TOUCH_EVERY
    }
}

/// Notes that the person is here, at most once in some minutes; true when it wrote.
///
/// Call it when [`SignedIn::is_touch_due`] says so: most requests then write nothing.
pub async fn touch(db: &mut PgConnection, own: &SignedIn, now: DateTime<Utc>) -> Result<bool> {
    let touched = sqlx::query_file!(
        "sql/identity/touch_session.sql",
        own.session as _,
        now,
        now - TOUCH_EVERY,
    )
    .execute(db)
    .await?;
    Ok(touched.rows_affected() > 0)
}

/// Whether a session still lives: what a stream of its changes asks again and again.
pub async fn is_live(
    db: &mut PgConnection,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let is_live = sqlx::query_file_scalar!(
        "sql/identity/is_session_live.sql",
        session as _,
        now - IDLE,
        now - LONGEST,
    )
    .fetch_one(db)
    .await?;
    Ok(is_live)
}

/// The person's own live sessions, the one used last first.
pub async fn list(
    db: &mut PgConnection,
    own: &SignedIn,
    now: DateTime<Utc>,
) -> Result<Vec<Session>> {
    Ok(sqlx::query_file_as!(
        Session,
        "sql/identity/list_sessions.sql",
        own.user.id as _,
        now - IDLE,
        now - LONGEST,
        own.session as _,
    )
    .fetch_all(db)
    .await?)
}

/// Ends one of the person's own sessions, this one included: its next request is refused.
///
/// Somebody else's is not found, as one that never was.
pub async fn close(db: &mut PgConnection, own: &SignedIn, session: SessionId) -> Result<()> {
    let closed =
        sqlx::query_file!("sql/identity/close_session.sql", own.user.id as _, session as _)
            .execute(db)
            .await?;
    if closed.rows_affected() == 0 {
        return Err(Error::not_found(Kind::Session, session));
    }
    Ok(())
}

/// Ends every session of the person but this one, and says how many there were.
pub async fn close_all_others(db: &mut PgConnection, own: &SignedIn) -> Result<u64> {
    let closed = sqlx::query_file!(
        "sql/identity/close_other_sessions.sql",
        own.user.id as _,
        own.session as _,
    )
    .execute(db)
    .await?;
    Ok(closed.rows_affected())
}

/// Removes what has ended by itself.
pub async fn purge(db: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query_file!("sql/identity/purge_sessions.sql", now - IDLE, now - LONGEST)
        .execute(db)
        .await?;
    Ok(())
}
