//! The command line: one file per command.
//!
//! A command adapts and never decides: it reads the configuration, opens the database, and calls
//! what the server calls. Errors go to standard error, one line with what to do; the exit status is
//! 2 for wrong use and configuration, and 1 for failure.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::db::embedded::guard::{GuardArguments, become_server};

/// Self-hosted coordinator for human developers and their AI agents.
#[derive(Debug, Parser)]
#[command(name = "nottario", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts the embedded database's server; run by Nottario itself.
    #[command(name = "embedded-postgres", hide = true)]
    EmbeddedPostgres(GuardArguments),
}

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::EmbeddedPostgres(arguments) => match become_server(&arguments) {
            Ok(never) => match never {},
            Err(error) => {
                eprintln!("nottario: cannot start the embedded database: {error}");
                ExitCode::FAILURE
            }
        },
    }
}
