//! `nottario serve`: runs the server until it is told to stop.

use super::signals::StopSignals;
use super::{CliError, block_on};
use crate::app::{App, Limits, Running};
use crate::config::Config;
use crate::db::{Database, OpenMode};
use crate::telemetry;

pub(super) fn run() -> Result<(), CliError> {
    let config = Config::from_env()?;
    telemetry::start(&config, "info");
    block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), CliError> {
    let mut stop = StopSignals::listen()?;
    let running = tokio::select! {
        running = start(config) => running?,
        // A first start takes seconds; nobody should have to wait for its end to stop it.
        () = stop.received() => return Ok(()),
    };
    tracing::info!(url = running.url(), address = %running.address, "ready");

    let lost = tokio::select! {
        () = stop.received() => None,
        how = running.database_lost() => Some(how),
    };
    tracing::info!("stopping");
    running.stop().await;
    match lost {
        None => Ok(()),
        Some(how) => Err(CliError::failure(format!(
            "the embedded database ended by itself ({how}); its log is postgres.log in the data \
             directory; start Nottario again"
        ))),
    }
}

async fn start(config: Config) -> Result<Running, CliError> {
    let database = Database::open(&config, OpenMode::Own).await?;
    Ok(App::start(config, database, Limits::default()).await?)
}
