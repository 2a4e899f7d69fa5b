//! A command's answer on standard output: lines for people, JSON for scripts.

use std::io::{self, Write as _};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::CliError;

/// Prints one line.
pub(super) fn line(text: &str) -> Result<(), CliError> {
    writeln!(io::stdout(), "{text}").or_else(|error| reader_left(&error))
}

/// Prints one JSON value.
pub(super) fn json(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| CliError::failure(format!("cannot write the answer: {error}")))?;
    line(&text)
}

/// A reader that has seen enough, such as `head`, is no failure.
fn reader_left(error: &io::Error) -> Result<(), CliError> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Ok(());
    }
    Err(CliError::failure(format!("cannot write the answer: {error}")))
}

/// Prints rows below their headings, in columns as wide as they need; the last one ends the line.
pub(super) fn table<const COLUMNS: usize>(
    headings: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> Result<(), CliError> {
    let headings = headings.map(str::to_owned);
    let rows: Vec<_> = std::iter::once(headings).chain(rows).collect();
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    for row in &rows {
        let cells: Vec<_> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        line(cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// A day for a table; empty when there is none.
pub(super) fn day(at: Option<DateTime<Utc>>) -> String {
    at.map(|at| at.format("%Y-%m-%d").to_string()).unwrap_or_default()
}
