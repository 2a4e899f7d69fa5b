//! What the process says about itself, on standard error.
//!
//! Secrets do not reach this point: they are `Secret`s, and the access log carries neither query
//! strings nor headers.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{Config, LogFormat};

/// These libraries speak once per request or statement. In front, so that `RUST_LOG` has the last
/// word.
const QUIET: &str = "rmcp=warn,sqlx=warn";

/// Starts logging; `default` holds where `RUST_LOG` says nothing. A second call changes nothing.
pub fn start(config: &Config, default: &str) {
    let wanted = config.log_filter.as_deref().unwrap_or(default);
    let filter = EnvFilter::new(format!("{QUIET},{wanted}"));
    let lines = fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // Colours are for people at a terminal, not for the files that a supervisor writes.
        .with_ansi(io::stderr().is_terminal());
    let started = match config.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    // Only a second server in one process, as the tests have it, comes here.
    drop(started);
}
