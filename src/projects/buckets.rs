//! Buckets: priorities by name.

use serde::Serialize;
use sqlx::PgConnection;

use crate::access::ProjectScope;
use crate::error::{Error, Kind, Result};

/// A named priority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// Its name, `high`.
    pub key: String,
    /// The priority that it stands for, 0 to 100.
    pub value: i16,
    /// Whether a task gets it when nobody chose one.
    pub is_default: bool,
}

/// The project's buckets, highest first.
pub async fn list_buckets(db: &mut PgConnection, scope: &ProjectScope) -> Result<Vec<Bucket>> {
    Ok(sqlx::query_file_as!(Bucket, "sql/projects/list_buckets.sql", scope.project() as _)
        .fetch_all(db)
        .await?)
}

/// The priority that a bucket's key stands for.
pub async fn bucket_value(db: &mut PgConnection, scope: &ProjectScope, key: &str) -> Result<i16> {
    sqlx::query_file_scalar!("sql/projects/bucket_value.sql", scope.project() as _, key)
        .fetch_optional(db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::Bucket, key))
}

/// The priority of a task for which nobody chose one.
pub async fn default_priority(db: &mut PgConnection, scope: &ProjectScope) -> Result<i16> {
    Ok(sqlx::query_file_scalar!("sql/projects/default_priority.sql", scope.project() as _)
        .fetch_one(db)
        .await?)
}
