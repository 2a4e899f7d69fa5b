//! All cycles of a project, page by page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sqlx::PgConnection;

use super::{Cycle, CycleRow};
use crate::access::ProjectScope;
use crate::error::{Error, Result};

/// Which page is asked for.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// How many rows, 1 to 500; the project's page size when absent.
    pub limit: Option<i32>,
    /// Where the page before ended; the newest first when absent.
    pub cursor: Option<String>,
}

/// A page of cycles, newest first.
#[derive(Clone, Debug, Serialize)]
pub struct CyclePage {
    /// The cycles.
    pub cycles: Vec<Cycle>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
}

/// The project's cycles, newest first.
pub async fn list(
    db: &mut PgConnection,
    scope: &ProjectScope,
    page: &PageRequest,
) -> Result<CyclePage> {
    let limit = page.limit.unwrap_or(scope.page_size());
    if !(1..=500).contains(&limit) {
        return Err(Error::invalid("limit", "a number from 1 to 500"));
    }
    let after = page.cursor.as_deref().map(read_cursor).transpose()?;

    // One row more than asked for says whether there is a next page.
    let rows = sqlx::query_file_as!(
        CycleRow,
        "sql/cycles/list.sql",
        scope.project() as _,
        after,
        i64::from(limit) + 1,
    )
    .fetch_all(db)
    .await?;
    let mut cycles: Vec<_> = rows.into_iter().map(Cycle::from).collect();
    let limit = usize::try_from(limit).unwrap_or_default();
    let has_more = cycles.len() > limit;
    cycles.truncate(limit);
    let next_cursor =
        if has_more { cycles.last().map(|cycle| write_cursor(cycle.position)) } else { None };
    Ok(CyclePage { cycles, next_cursor, has_more })
}

/// Opaque, so that no client counts on what is in it; marked, so that another list's is refused.
const MARK: &str = "cycles:";

fn write_cursor(position: i32) -> String {
    URL_SAFE_NO_PAD.encode(format!("{MARK}{position}"))
}

fn read_cursor(cursor: &str) -> Result<i32> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.as_deref()
        .and_then(|text| text.strip_prefix(MARK))
        .and_then(|position| position.parse().ok())
        .ok_or_else(|| {
            Error::invalid("cursor", "the next_cursor of the page before, or absent for the first")
        })
}
