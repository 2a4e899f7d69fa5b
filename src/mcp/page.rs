//! Pages: how many rows are asked for, and how many fit into one answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{PAGE_CHARACTERS, fit};
use crate::error::{Error, Result};

/// How many rows a page may have.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Limit(i32);

impl Limit {
    /// The most rows of a page.
    pub(super) const MOST: i32 = 500;

    /// The number, within its bounds.
    pub(super) fn rows(self) -> Result<i32> {
        if (1..=Self::MOST).contains(&self.0) {
            return Ok(self.0);
        }
        Err(Error::invalid("limit", format!("expected 1 to {}, got {}", Self::MOST, self.0)))
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": Self::MOST })
    }
}

/// How many of the rows fit into an answer, when not all of them do.
///
/// The page is then read again with that many, in the same snapshot, so that its cursor stands
/// behind the last row that is shown.
pub(super) fn fewer<R: Serialize>(rows: &[R]) -> Result<Option<i32>> {
    let fitted = fit(rows.iter().collect(), PAGE_CHARACTERS)?;
    if !fitted.cut {
        return Ok(None);
    }
    Ok(Some(i32::try_from(fitted.rows.len()).unwrap_or(Limit::MOST)))
}
