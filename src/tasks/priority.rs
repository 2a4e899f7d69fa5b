//! How urgent a task is: a number, or the name of a bucket.

use sqlx::PgConnection;

use crate::access::ProjectScope;
use crate::error::{Error, Result};
use crate::projects::{bucket_value, default_priority};

/// A priority as a caller gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Priority {
    /// 0 to 100, higher first.
    Value(i16),
    /// The key of one of the project's buckets.
    Bucket(String),
}

impl Priority {
    /// Reads the two arguments that can name a priority; both at once are refused.
    pub fn from_arguments(value: Option<i64>, key: Option<String>) -> Result<Option<Self>> {
        match (value, key) {
            (Some(_), Some(_)) => Err(Error::invalid(
                "priority_key",
                "give either priority or priority_key, not both",
            )),
            (Some(value), None) => i16::try_from(value)
                .ok()
                .filter(|value| (0..=100).contains(value))
                .map(|value| Some(Self::Value(value)))
                .ok_or_else(|| Error::invalid("priority", "a whole number from 0 to 100")),
            (None, Some(key)) => Ok(Some(Self::Bucket(key))),
            (None, None) => Ok(None),
        }
    }

    pub(super) async fn resolve(
        priority: Option<&Self>,
        db: &mut PgConnection,
        scope: &ProjectScope,
    ) -> Result<i16> {
        match priority {
            Some(Self::Value(value)) if (0..=100).contains(value) => Ok(*value),
            Some(Self::Value(_)) => Err(Error::invalid("priority", "a whole number from 0 to 100")),
            Some(Self::Bucket(key)) => bucket_value(db, scope, key).await,
            None => default_priority(db, scope).await,
        }
    }
}
