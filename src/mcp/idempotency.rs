//! A repeated call has one effect: the first one's answer is kept, and given again.
//!
//! The key is reserved before the tool runs and its answer stored in the same transaction, so that
//! of two calls at the same instant the second waits for the first one's end: it finds the answer,
//! or, when the first was refused or fell over, carries the call out itself.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::arguments::IdempotencyKey;
use crate::access::ProjectScope;
use crate::error::{Error, Result};
use crate::ids::TokenId;

/// How long an answer is kept: longer than any client retries.
pub const KEPT: TimeDelta = TimeDelta::hours(24);

/// One call under its key.
#[derive(Clone, Debug)]
pub struct Keyed {
    /// The caller's name for the call.
    pub key: IdempotencyKey,
    /// The token: keys of different tokens do not meet.
    pub token: TokenId,
    /// The tool's name in our words.
    pub tool: &'static str,
    /// What tells a repeat from another call with the same key.
    pub digest: [u8; 32],
    /// The present time.
    pub now: DateTime<Utc>,
}

/// Reserves the key for this call, or gives the answer of the call that had it before.
///
/// Waits while another call with the same key is being carried out.
pub async fn reserve(
    db: &mut PgConnection,
    scope: &ProjectScope,
    call: &Keyed,
) -> Result<Option<Value>> {
    // A purge can remove the row between the two statements; then the key is free.
    for _ in 0..2 {
        let reserved = sqlx::query_file_scalar!(
            "sql/mcp/reserve_key.sql",
            scope.project() as _,
            call.token as _,
            call.key.as_str(),
            call.tool,
            call.digest.as_slice(),
            call.now,
            call.now - KEPT,
        )
        .fetch_optional(&mut *db)
        .await?;
        if reserved.is_some() {
            return Ok(None);
        }
        let stored = sqlx::query_file!(
            "sql/mcp/stored_answer.sql",
            scope.project() as _,
            call.token as _,
            call.key.as_str(),
        )
        .fetch_optional(&mut *db)
        .await?;
        if let Some(stored) = stored {
            if stored.tool != call.tool || stored.arguments_hash != call.digest {
                return Err(Error::invalid(
                    "idempotency_key",
                    format!(
                        "it names an earlier call of {} with other arguments; \
                         a new call needs a new key",
                        stored.tool
                    ),
                ));
            }
            return Ok(Some(stored.result.0));
        }
    }
    Err(Error::internal("an idempotency key was neither free nor taken"))
}

/// Keeps the answer of the call that reserved its key.
pub async fn keep(
    db: &mut PgConnection,
    scope: &ProjectScope,
    call: &Keyed,
    answer: &Value,
) -> Result<()> {
    sqlx::query_file!(
        "sql/mcp/keep_answer.sql",
        scope.project() as _,
        call.token as _,
        call.key.as_str(),
        Json(answer) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
