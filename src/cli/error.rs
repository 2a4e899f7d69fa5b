//! How a command fails: one line per problem on standard error, and the exit status.

use std::process::ExitCode;

use crate::app::AppError;
use crate::config::ConfigError;
use crate::db::DatabaseError;
use crate::db::embedded::ClusterError;
use crate::db::migrations::MigrationError;
use crate::error::Error;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub struct CliError {
    text: String,
    status: u8,
}

impl CliError {
    /// Wrong use or configuration: the caller has to change something first.
    pub fn usage(text: impl Into<String>) -> CliError {
        CliError { text: text.into(), status: 2 }
    }

    /// A failure of something that was asked for rightly.
    pub fn failure(text: impl Into<String>) -> CliError {
        CliError { text: text.into(), status: 1 }
    }

    /// A failure whose reason the command has already printed as its answer.
    pub(super) fn already_told() -> CliError {
        CliError::failure("")
    }

    pub(super) fn report(&self) -> ExitCode {
        for line in self.text.lines() {
            eprintln!("nottario: {line}");
        }
        ExitCode::from(self.status)
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> CliError {
        CliError::usage(error.to_string())
    }
}

impl From<DatabaseError> for CliError {
    fn from(error: DatabaseError) -> CliError {
        match &error {
            DatabaseError::Sql(_)
            | DatabaseError::Embedded(ClusterError::Refused { .. } | ClusterError::Connect(_)) => {
                CliError::failure(one_line(&error.to_string()))
            }
            _ => CliError::usage(one_line(&error.to_string())),
        }
    }
}

impl From<MigrationError> for CliError {
    fn from(error: MigrationError) -> CliError {
        CliError::failure(one_line(&error.to_string()))
    }
}

impl From<AppError> for CliError {
    fn from(error: AppError) -> CliError {
        match error {
            AppError::Migration(error) => error.into(),
            AppError::Events(_) => CliError::failure(error.to_string()),
            AppError::Listen { .. } | AppError::SessionKey { .. } | AppError::GitHub(_) => {
                CliError::usage(one_line(&error.to_string()))
            }
        }
    }
}

impl From<Error> for CliError {
    /// A refusal is about what was asked for; a failure is told with its cause, because whoever
    /// reads it is the operator.
    fn from(error: Error) -> CliError {
        match &error {
            Error::Internal(source) | Error::Busy(source) => {
                CliError::failure(one_line(&format!("{error}: {source}")))
            }
            Error::Invalid { .. } | Error::NotFound { .. } => {
                CliError::usage(format!("{error}; {}", error.next()))
            }
            _ => CliError::failure(error.to_string()),
        }
    }
}

impl From<sqlx::Error> for CliError {
    fn from(error: sqlx::Error) -> CliError {
        CliError::failure(format!("the database refused: {}", one_line(&error.to_string())))
    }
}

/// A database's message may have several lines.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
