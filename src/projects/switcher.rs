//! The short list of projects that is on every page.

use sqlx::PgConnection;

use crate::access::{Caller, Via};
use crate::error::Result;

/// A project that a person may go to.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Its name in addresses.
    pub slug: String,
    /// What its tasks' keys begin with.
    pub key: String,
    /// Its name.
    pub name: String,
}

/// The projects that a person in a browser may go to: at most 200, archived ones left out but for
/// the one with the slug `here`.
///
/// An agent goes nowhere: its token names its project.
pub async fn switcher(
    db: &mut PgConnection,
    caller: &Caller,
    here: Option<&str>,
) -> Result<Vec<Destination>> {
    let Via::Session { is_admin } = caller.via else { return Ok(Vec::new()) };
    let found = sqlx::query_file_as!(
        Destination,
        "sql/projects/switcher.sql",
        caller.user as _,
        is_admin,
        here,
    );
    Ok(found.fetch_all(db).await?)
}
