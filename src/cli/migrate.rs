//! `nottario migrate`: brings the schema up to date, or says whether it is.

use clap::Args;
use serde::Serialize;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::{CliError, block_on, output, quiet_config};
use crate::config::Config;
use crate::db::{Database, OpenMode, migrations};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Changes nothing; the exit status is 1 when a migration is pending.
    #[arg(long)]
    check: bool,
    /// Answers in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    pending: Vec<String>,
    applied: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let config = quiet_config()?;
    let answer = block_on(migrate(&config, arguments.check))?;
    if arguments.json {
        output::json(&answer)?;
    } else {
        tell(&answer)?;
    }
    if answer.pending.is_empty() { Ok(()) } else { Err(CliError::already_told()) }
}

async fn migrate(config: &Config, only_check: bool) -> Result<Answer, CliError> {
    let database = Database::open(config, OpenMode::Attach).await?;
    let result = look_and_apply(&database, only_check).await;
    database.close().await;
    result
}

async fn look_and_apply(database: &Database, only_check: bool) -> Result<Answer, CliError> {
    let mut connection = PgConnection::connect_with(database.direct()).await?;
    let pending = migrations::pending(&mut connection).await?;
    connection.close().await?;
    if only_check {
        return Ok(Answer { pending, applied: Vec::new() });
    }
    migrations::run(database.direct()).await?;
    Ok(Answer { pending: Vec::new(), applied: pending })
}

fn tell(answer: &Answer) -> Result<(), CliError> {
    for name in &answer.pending {
        output::line(&format!("pending: {name}"))?;
    }
    for name in &answer.applied {
        output::line(&format!("applied: {name}"))?;
    }
    if answer.pending.is_empty() && answer.applied.is_empty() {
        output::line("the schema is up to date")?;
    }
    Ok(())
}
