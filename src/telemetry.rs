//! What the process says about itself: on standard error, or in a file while the screen is taken.
//!
//! Secrets do not reach this point: they are `Secret`s, and the access log carries neither query
//! strings nor headers.

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::{self, MakeWriter};

use crate::config::{Config, LogFormat};

/// These libraries speak once per request or statement. In front, so that `RUST_LOG` has the last
/// word.
const QUIET: &str = "rmcp=warn,sqlx=warn";

/// Starts logging; `default` holds where `RUST_LOG` says nothing. A second call changes nothing.
pub fn start(config: &Config, default: &str) {
    // Colours are for people at a terminal, not for the files that a supervisor writes.
    start_with(config, default, io::stderr, io::stderr().is_terminal());
}

/// Starts logging into a file, for a command that has the terminal to itself.
pub fn start_in_file(config: &Config, default: &str, file: File) {
    start_with(config, default, Mutex::new(file), false);
}

fn start_with<W>(config: &Config, default: &str, writer: W, is_coloured: bool)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let wanted = config.log_filter.as_deref().unwrap_or(default);
    let filter = EnvFilter::new(format!("{QUIET},{wanted}"));
    let lines = fmt::fmt().with_env_filter(filter).with_writer(writer).with_ansi(is_coloured);
    let started = match config.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    // Only a second server in one process, as the tests have it, comes here.
    drop(started);
}
