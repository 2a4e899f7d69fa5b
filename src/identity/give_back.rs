//! What becomes of held tasks when their holder can work no longer: a token that was revoked, a person
//! who leaves the project. Without leases nobody else would ever give them back.
//!
//! It is here and not in the queue, which is a layer above, because it belongs into the transaction
//! that ends the token. A claim that slips in behind it, from a call that was under way, is ended by
//! the sweep.

use sqlx::PgConnection;

use crate::access::ProjectScope;
use crate::error::Result;
use crate::ids::{TokenId, UserId};

/// Whose tasks are given back.
pub(super) enum Holder<'a> {
    /// What these tokens hold.
    Tokens(&'a [TokenId]),
    /// What this person holds, in the browser and through its agents.
    Person(UserId),
}

/// Puts what somebody holds back into the queue, and answers how many tasks that were.
///
/// Their claim ids are worthless from here on, whoever names them.
pub(super) async fn give_back(
    db: &mut PgConnection,
    scope: &ProjectScope,
    holder: Holder<'_>,
    because: &'static str,
) -> Result<u64> {
    let (tokens, person) = match holder {
        Holder::Tokens(tokens) => (Some(tokens), None),
        Holder::Person(person) => (None, Some(person)),
    };
    let done = sqlx::query_file!(
        "sql/identity/give_back.sql",
        scope.project() as _,
        tokens as _,
        person as _,
        because,
        scope.actor().user as _,
        scope.actor().token as _,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
