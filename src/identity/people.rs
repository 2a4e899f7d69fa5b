//! The people of the instance as its administrators see them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::access::InstanceScope;
use crate::error::{Error, Kind, Result};
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
    /// Whether nobody else does, so that its administration cannot be taken away.
    pub is_only_admin: bool,
    /// When the person was first known here.
    pub created_at: DateTime<Utc>,
    /// When the person was last here.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// The slugs of the projects of which it is a member, archived ones included.
    pub projects: Vec<String>,
}

/// A page of the list of people.
#[derive(Clone, Debug, Serialize)]
pub struct Listing {
    /// In the order of their logins.
    pub people: Vec<Person>,
    /// How many there are on all pages.
    pub total: i64,
    /// Which page this is, counted from one.
    pub page: i64,
    /// How many pages there are; one at least.
    pub pages: i64,
}

/// How many people a page has.
pub const PAGE: i64 = 50;

/// People who have these letters in their login or name, whatever their case; everybody for none.
///
/// A page behind the last one is the last one.
pub async fn search(
    db: &mut PgConnection,
    _: InstanceScope,
    letters: &str,
    page: i64,
) -> Result<Listing> {
    /// More than any name has.
    const LONGEST: usize = 200;
    let letters: String =
        letters.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let total = sqlx::query_file_scalar!("sql/identity/count_people.sql", letters)
        .fetch_one(&mut *db)
        .await?;
    let pages = ((total + PAGE - 1) / PAGE).max(1);
    let page = page.clamp(1, pages);
    let people = sqlx::query_file_as!(
        Person,
        "sql/identity/list_people.sql",
        letters,
        PAGE,
        (page - 1) * PAGE,
    )
    .fetch_all(db)
    .await?;
    Ok(Listing { people, total, page, pages })
}

/// One of them.
pub async fn get(db: &mut PgConnection, _: InstanceScope, person: UserId) -> Result<Person> {
    sqlx::query_file_as!(Person, "sql/identity/get_person.sql", person as _)
        .fetch_optional(db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::User, person))
}
