//! Pages: how many rows are asked for, and how many fit into one answer.

use serde::Serialize;

use super::answer::{PAGE_CHARACTERS, fit};
use super::bounded::Bounded;
use crate::access::ProjectScope;
use crate::error::Result;

/// How many rows a page may have.
pub(super) type Limit = Bounded<1, 500>;

/// How many rows a page has: as many as asked for, or the project's page size.
pub(super) fn rows(limit: Option<Limit>, scope: &ProjectScope) -> u16 {
    limit.map_or_else(|| u16::try_from(scope.page_size()).unwrap_or(50), Limit::get)
}

/// How many of the rows fit into an answer, when not all of them do.
///
/// The page then ends there, and its cursor stands behind the last row that is shown.
pub(super) fn fewer<R: Serialize>(rows: &[R]) -> Result<Option<u16>> {
    let fitted = fit(rows.iter().collect(), PAGE_CHARACTERS)?;
    if !fitted.cut {
        return Ok(None);
    }
    Ok(u16::try_from(fitted.rows.len()).ok())
}
