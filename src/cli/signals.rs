//! The signals by which a long-running command is told to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::CliError;

/// What a supervisor (SIGTERM) and a person at a terminal (SIGINT) send.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Listens from now on; without this, either signal ends the process at once.
    pub(super) fn listen() -> Result<StopSignals, CliError> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| CliError::failure(format!("cannot listen for signals: {error}")))
        };
        Ok(StopSignals {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next of them.
    pub(super) async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
