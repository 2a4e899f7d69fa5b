//! Buckets: priorities by name.
//!
//! A task's priority is a number, and a bucket is a name for one. So a bucket can go or change while
//! the tasks keep their place in the queue, unless its owner says that they shall move with it. One
//! bucket is the default, and that one cannot go.

use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use super::ShortName;
use super::changes::{self, Changed};
use super::locks::{lock_for_write, lock_links, take_time};
use crate::access::{ProjectScope, Standing};
use crate::error::{Error, Kind, Result};

/// More names than this for 101 priorities would tell nobody anything.
pub const MOST_BUCKETS: usize = 20;

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

/// A bucket with how many open tasks have its priority.
#[derive(Clone, Debug, Serialize)]
pub struct UsedBucket {
    /// The bucket.
    #[serde(flatten)]
    pub bucket: Bucket,
    /// The number of open tasks.
    pub open_tasks: i64,
}

/// A bucket's name and value, as they shall be.
#[derive(Clone, Debug)]
pub struct BucketEdit {
    /// Its name.
    pub key: ShortName,
    /// The priority that it stands for, 0 to 100.
    pub value: i16,
    /// Whether the tasks with its value so far get the new one.
    pub move_tasks: bool,
}

/// The project's buckets, highest first.
pub async fn list_buckets(db: &mut PgConnection, scope: &ProjectScope) -> Result<Vec<Bucket>> {
    Ok(sqlx::query_file_as!(Bucket, "sql/projects/list_buckets.sql", scope.project() as _)
        .fetch_all(db)
        .await?)
}

/// The project's buckets, highest first, with how many open tasks have each one's priority.
pub async fn used_buckets(db: &mut PgConnection, scope: &ProjectScope) -> Result<Vec<UsedBucket>> {
    let rows = sqlx::query_file!("sql/projects/used_buckets.sql", scope.project() as _)
        .fetch_all(db)
        .await?;
    let used = rows.into_iter().map(|row| UsedBucket {
        bucket: Bucket { key: row.key, value: row.value, is_default: row.is_default },
        open_tasks: row.open_tasks,
    });
    Ok(used.collect())
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

/// How many open tasks have a bucket's priority: for the page that asks whether they shall move.
pub async fn bucket_tasks(db: &mut PgConnection, scope: &ProjectScope, key: &str) -> Result<i64> {
    let value = bucket_value(db, scope, key).await?;
    Ok(sqlx::query_file_scalar!("sql/projects/bucket_tasks.sql", scope.project() as _, value)
        .fetch_one(db)
        .await?)
}

/// Makes a bucket. Owner and administrators may.
pub async fn create_bucket(
    db: &mut PgConnection,
    scope: &ProjectScope,
    key: &ShortName,
    value: i16,
) -> Result<()> {
    let present = enter(db, scope, "add a priority").await?;
    if present.len() >= MOST_BUCKETS {
        return Err(Error::invalid(
            "key",
            format!("a project has at most {MOST_BUCKETS} priorities; delete one that is not used"),
        ));
    }
    require_free(&present, key, value)?;
    sqlx::query_file!("sql/projects/create_bucket.sql", scope.project() as _, key.as_str(), value)
        .execute(&mut *db)
        .await?;
    changes::record(db, scope, json!({ "bucket": key, "added": { "value": value } })).await
}

/// Changes a bucket's name and value, and answers how many open tasks moved with it. Owner and
/// administrators may.
pub async fn edit_bucket(
    db: &mut PgConnection,
    scope: &ProjectScope,
    key: &str,
    edit: &BucketEdit,
) -> Result<i64> {
    const ACTION: &str = "change a priority";
    scope.require(Standing::Owner, ACTION)?;
    if edit.move_tasks {
        // Before the rows of the tasks, of which there can be many.
        lock_links(db, scope).await?;
        take_time(db).await?;
    }
    let mut others = enter(db, scope, ACTION).await?;
    let before = take(&mut others, key)?;
    require_free(&others, &edit.key, edit.value)?;

    let mut changed = Changed::default();
    changed.note("key", before.key.as_str(), edit.key.as_str());
    changed.note("value", &before.value, &edit.value);
    if changed.is_empty() {
        return Ok(0);
    }
    sqlx::query_file!(
        "sql/projects/edit_bucket.sql",
        scope.project() as _,
        key,
        edit.key.as_str(),
        edit.value,
    )
    .execute(&mut *db)
    .await?;
    let mut moved = 0;
    if edit.move_tasks && edit.value != before.value {
        moved = sqlx::query_file_scalar!(
            "sql/projects/move_priority.sql",
            scope.project() as _,
            before.value,
            edit.value,
            scope.actor().user as _,
            scope.actor().token as _,
        )
        .fetch_one(&mut *db)
        .await?;
    }
    let data = json!({ "bucket": key, "changed": changed.fields(), "moved_tasks": moved });
    changes::record(db, scope, data).await?;
    Ok(moved)
}

/// Makes a bucket the one of tasks for which nobody chose a priority. Owner and administrators may.
pub async fn set_default_bucket(
    db: &mut PgConnection,
    scope: &ProjectScope,
    key: &str,
) -> Result<()> {
    let mut present = enter(db, scope, "choose the default priority").await?;
    let before = present.iter().find(|bucket| bucket.is_default).map(|bucket| bucket.key.clone());
    if take(&mut present, key)?.is_default {
        return Ok(());
    }
    sqlx::query_file!("sql/projects/unset_default_bucket.sql", scope.project() as _)
        .execute(&mut *db)
        .await?;
    sqlx::query_file!("sql/projects/set_default_bucket.sql", scope.project() as _, key)
        .execute(&mut *db)
        .await?;
    changes::record(db, scope, json!({ "default_bucket": [before, key] })).await
}

/// Deletes a bucket; tasks keep their priority, which has no name then. Owner and administrators may.
pub async fn delete_bucket(db: &mut PgConnection, scope: &ProjectScope, key: &str) -> Result<()> {
    const ACTION: &str = "delete a priority";
    let mut present = enter(db, scope, ACTION).await?;
    let bucket = take(&mut present, key)?;
    if bucket.is_default {
        return Err(Error::Forbidden {
            action: "delete the default priority",
            because: "make another one the default first".to_owned(),
        });
    }
    sqlx::query_file!("sql/projects/delete_bucket.sql", scope.project() as _, key)
        .execute(&mut *db)
        .await?;
    changes::record(db, scope, json!({ "bucket": key, "deleted": { "value": bucket.value } })).await
}

/// Lets a change of the buckets in, one at a time, and gives what there is.
async fn enter(
    db: &mut PgConnection,
    scope: &ProjectScope,
    action: &'static str,
) -> Result<Vec<Bucket>> {
    scope.require(Standing::Owner, action)?;
    lock_for_write(db, scope, action).await?;
    list_buckets(db, scope).await
}

/// Takes the bucket with this key out of those there are.
fn take(buckets: &mut Vec<Bucket>, key: &str) -> Result<Bucket> {
    let place = buckets
        .iter()
        .position(|bucket| bucket.key == key)
        .ok_or_else(|| Error::not_found(Kind::Bucket, key))?;
    Ok(buckets.remove(place))
}

/// Refuses a name or a value that another bucket has, and a value out of range.
fn require_free(others: &[Bucket], key: &ShortName, value: i16) -> Result<()> {
    if !(0..=100).contains(&value) {
        return Err(Error::invalid("value", "a whole number from 0 to 100"));
    }
    if others.iter().any(|bucket| bucket.key == key.as_str()) {
        return Err(Error::invalid("key", "another priority has that key; choose another"));
    }
    if let Some(other) = others.iter().find(|bucket| bucket.value == value) {
        return Err(Error::invalid(
            "value",
            format!("{} stands for {value} already; choose another", other.key),
        ));
    }
    Ok(())
}
