//! A command's answer on standard output: lines for people, JSON for scripts.

use std::io::{self, Write as _};

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
