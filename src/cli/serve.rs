//! `nottario serve`: runs the server until it is told to stop.

use super::signals::StopSignals;
use super::{CliError, block_on, login_link, output};
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
    invite(&running).await;

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

/// Prints a sign-in link where links are accepted. The log, which is kept, has none of it.
async fn invite(running: &Running) {
    let services = running.services();
    let told = match login_link::for_admin(&services.config, &services.pool).await {
        Ok(None) => Ok(()),
        Ok(Some(link)) => {
            output::line(&format!("Sign in, once and within 15 minutes: {}", link.address))
        }
        Err(error) => Err(error),
    };
    if let Err(error) = told {
        tracing::warn!(?error, "no sign-in link was printed; make one with: nottario login-link");
    }
}

async fn start(config: Config) -> Result<Running, CliError> {
    let database = Database::open(&config, OpenMode::Own).await?;
    Ok(App::start(config, database, Limits::default()).await?)
}
