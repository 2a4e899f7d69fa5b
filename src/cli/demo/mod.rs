//! `nottario demo`: a project in full swing, to look at before anything is set up.
//!
//! The server, its database and the agents live in this process and end with it. The agents know
//! nothing but a token and the endpoint: what the reader sees is what real agents do. A demo has an
//! instance of its own and touches no other.

mod agent;
mod client;
mod crew;
mod draft;
mod frame;
mod ideas;
mod instance;
mod lines;
mod moods;
mod notebook;
mod planner;
mod run;
pub mod seed;
mod show;
pub mod story;
mod terminal;
mod text;
mod watch;
mod words;

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, IsTerminal as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

use clap::Args;

use super::{CliError, block_on};
use crate::config::Config;
use crate::telemetry;
use instance::Wanted;

pub(super) const AFTER_HELP: &str = "\
The demo keeps its data in the folder `demo` of the data directory (NOTTARIO_DATA_DIR) and goes on \
from there the next time. HTTP_ADDR=:8081 serves it on another port. With DATABASE_URL it runs in \
that database, which has to be empty or a demo's.";

/// Without what says nothing to the reader: remarks about slow connections on a busy machine, and
/// the client's about every refusal, which for an agent is a normal answer.
const DEFAULT_LOG: &str = "warn,sqlx::pool=error,rmcp=error";

/// What `nottario demo` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many agents race for tasks.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(0..=100))]
    agents: u16,
    /// How many made-up tasks to add to the story; a new demo has 60 of them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    tasks: Option<u32>,
    /// Forgets what earlier demos have left, and begins anew.
    #[arg(long)]
    fresh: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let config = own(Config::from_env()?);
    let is_terminal = io::stdout().is_terminal();
    start_logging(&config, is_terminal)?;
    let wanted = Wanted {
        agents: arguments.agents.into(),
        tasks: arguments.tasks.map(|tasks| tasks as usize),
        fresh: arguments.fresh,
    };
    block_on(show::show(config, wanted, is_terminal))
}

/// The configuration, turned away from whatever belongs to a real instance.
fn own(mut config: Config) -> Config {
    config.data_dir = config.data_dir.join("demo");
    config.backups = None;
    config
}

/// While the screen is taken, a line on standard error would run across it.
fn start_logging(config: &Config, is_terminal: bool) -> Result<(), CliError> {
    if !is_terminal {
        telemetry::start(config, DEFAULT_LOG);
        return Ok(());
    }
    let path = config.data_dir.join("demo.log");
    let file =
        DirBuilder::new().recursive(true).mode(0o755).create(&config.data_dir).and_then(|()| {
            OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&path)
        });
    let file = file.map_err(|error| {
        CliError::usage(format!(
            "cannot write {}: {error}; make it writable, or set NOTTARIO_DATA_DIR to another folder",
            path.display()
        ))
    })?;
    telemetry::start_in_file(config, DEFAULT_LOG, file);
    Ok(())
}
