//! The command line: one file per command.
//!
//! A command adapts and never decides: it reads the configuration, opens the database, and calls
//! what the server calls. Errors go to standard error, one line with what to do; the exit status is
//! 2 for wrong use and configuration, and 1 for failure.

pub mod demo;
mod doctor;
mod error;
mod healthcheck;
mod login_link;
mod migrate;
mod output;
mod project;
mod serve;
mod signals;
mod token;
mod user;

use std::future::Future;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sqlx::PgPool;

use crate::config::Config;
use crate::db::embedded::guard::{GuardArguments, become_server};
use crate::db::{Database, OpenMode, migrations};
use crate::telemetry;

pub use error::CliError;

/// Self-hosted coordinator for human developers and their AI agents.
#[derive(Debug, Parser)]
#[command(name = "nottario", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server; what happens without a command.
    #[command(after_help = crate::config::environment_help())]
    Serve,
    /// Serves a demo project while simulated agents race for its tasks.
    #[command(after_help = demo::AFTER_HELP)]
    Demo(demo::Arguments),
    /// Brings the database's schema up to date, or says whether it is.
    Migrate(migrate::Arguments),
    /// Checks configuration, database and surroundings, one line each.
    Doctor(doctor::Arguments),
    /// Projects and their members.
    #[command(subcommand)]
    Project(project::Command),
    /// People, and who of them administers the instance.
    #[command(subcommand)]
    User(user::Command),
    /// Agents' credentials.
    #[command(subcommand)]
    Token(token::Command),
    /// Prints a one-time link that signs in, where GitHub does not do it.
    LoginLink(login_link::Arguments),
    /// Asks the running server whether it is ready; for a container's HEALTHCHECK.
    Healthcheck,
    /// Starts the embedded database's server; run by Nottario itself.
    #[command(name = "embedded-postgres", hide = true)]
    EmbeddedPostgres(GuardArguments),
}

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let result = match Cli::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Migrate(arguments) => migrate::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Project(command) => project::run(command),
        Command::User(command) => user::run(command),
        Command::Token(command) => token::run(command),
        Command::LoginLink(arguments) => login_link::run(arguments),
        Command::Healthcheck => healthcheck::run(),
        Command::EmbeddedPostgres(arguments) => match become_server(&arguments) {
            Ok(never) => match never {},
            Err(error) => Err(CliError::failure(format!("the database's guard: {error}"))),
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

/// Reads the configuration and starts logging for a command that prints its own answer.
fn quiet_config() -> Result<Config, CliError> {
    let config = Config::from_env()?;
    telemetry::start(&config, "warn");
    Ok(config)
}

/// Opens the database with its schema up to date: the server's while one runs, else its own for
/// the duration of the command. Close it at the end.
pub async fn open_database(config: &Config) -> Result<Database, CliError> {
    let database = Database::open(config, OpenMode::Attach).await?;
    match migrations::run(database.direct()).await {
        Ok(()) => Ok(database),
        Err(error) => {
            database.close().await;
            Err(error.into())
        }
    }
}

/// Runs a command on the server's database while one runs, else on its own.
fn on_database<T>(work: impl AsyncFnOnce(PgPool) -> Result<T, CliError>) -> Result<T, CliError> {
    let config = quiet_config()?;
    block_on(async {
        let database = open_database(&config).await?;
        let result = work(database.pool().clone()).await;
        database.close().await;
        result
    })
}

/// Runs a command's future to its end.
fn block_on<T>(future: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::failure(format!("cannot start the runtime: {error}")))?
        .block_on(future)
}
