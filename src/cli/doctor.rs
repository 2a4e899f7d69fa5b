//! `nottario doctor`: looks at everything that a server needs, one line each.
//!
//! It changes nothing, except that an embedded database is started to look at it.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chrono::Utc;
use clap::Args;
use serde::Serialize;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::{CliError, block_on, output};
use crate::config::{Backups, Config};
use crate::db::{Database, OpenMode, embedded, migrations};
use crate::telemetry;

/// More than this between our clock and the database's makes logs and expiries hard to follow.
const CLOCK_LIMIT_SECONDS: i64 = 5;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Answers in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    /// Works, and somebody should look at it.
    Warning,
    Failed,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    details: String,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Failed => "failed",
        };
        write!(f, "{verdict:<8} {:<16} {}", self.name, self.details)
    }
}

fn ok(name: &'static str, details: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Ok, details: details.into() }
}

fn warning(name: &'static str, details: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Warning, details: details.into() }
}

fn failed(name: &'static str, details: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Failed, details: details.into() }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let checks = match Config::from_env() {
        Ok(config) => {
            telemetry::start(&config, "error");
            block_on(async { Ok(examine(&config).await) })?
        }
        Err(error) => error
            .problems()
            .iter()
            .map(|problem| failed("configuration", problem.to_string()))
            .collect(),
    };
    if arguments.json {
        output::json(&checks)?;
    } else {
        for check in &checks {
            output::line(&check.to_string())?;
        }
    }
    if checks.iter().any(|check| check.verdict == Verdict::Failed) {
        return Err(CliError::already_told());
    }
    Ok(())
}

async fn examine(config: &Config) -> Vec<Check> {
    let mut checks = vec![ok("configuration", format!("people reach {}", config.public_url))];
    if config.database_url.is_none() {
        checks.push(server_binaries(config));
    }
    match Database::open(config, OpenMode::Attach).await {
        Err(error) => checks.push(failed("database", error.to_string())),
        Ok(database) => {
            match examine_database(config, &database).await {
                Ok(found) => checks.extend(found),
                Err(error) => checks.push(failed("database", error.to_string())),
            }
            database.close().await;
        }
    }
    checks.push(proxy(config).await);
    checks
}

fn server_binaries(config: &Config) -> Check {
    match embedded::find_binaries(&config.data_dir, config.postgres_bin_dir.as_deref()) {
        Ok((dir, major)) => ok(
            "embedded",
            format!(
                "PostgreSQL {major} from {}, data in {}",
                dir.display(),
                config.data_dir.display()
            ),
        ),
        Err(error) => failed("embedded", error.to_string()),
    }
}

async fn examine_database(config: &Config, database: &Database) -> sqlx::Result<Vec<Check>> {
    let mut connection = PgConnection::connect_with(database.direct()).await?;
    let server = connection.server_version_num().unwrap_or_default() / 10_000;
    let mut checks = vec![match server {
        16.. => ok("database", format!("PostgreSQL {server}")),
        _ => warning("database", format!("PostgreSQL {server} works; 16 or newer is recommended")),
    }];

    let before = Utc::now();
    let found = sqlx::query_file!("sql/db/examine.sql").fetch_one(&mut connection).await?;
    let drift = (found.clock - before).num_seconds().abs();
    checks.push(if found.owns_database {
        ok("rights", "the role owns the database")
    } else {
        failed("rights", "the role does not own the database; run: alter database … owner to …")
    });
    checks.push(if drift <= CLOCK_LIMIT_SECONDS {
        ok("clock", "agrees with the database's")
    } else {
        failed(
            "clock",
            format!("is {drift} s away from the database's; set up time synchronisation"),
        )
    });
    checks.push(match migrations::pending(&mut connection).await {
        Ok(pending) if pending.is_empty() => ok("schema", "up to date"),
        Ok(pending) => warning(
            "schema",
            format!("{} migrations pending; the next start applies them", pending.len()),
        ),
        Err(error) => failed("schema", error.to_string()),
    });
    // With a pooler in between, the time limits cannot be asked for by the connection.
    if config.database_url_direct.is_some() && found.statement_timeout == "0" {
        checks.push(warning(
            "time limits",
            "DATABASE_URL goes through a pooler; run: alter role … set statement_timeout = '5s', \
             and the same for lock_timeout = '3s' and idle_in_transaction_session_timeout = '30s'",
        ));
    }
    connection.close().await?;
    checks.extend(match &config.backups {
        None => vec![warning("backups", "off; set NOTTARIO_BACKUP_DIR to a folder for them")],
        Some(backups) => vec![backup_folder(backups), pg_dump(config, server)],
    });
    Ok(checks)
}

fn backup_folder(backups: &Backups) -> Check {
    let dir = backups.dir.display();
    let probe = backups.dir.join(format!(".nottario-doctor-{}", std::process::id()));
    match fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe)) {
        Ok(()) => ok("backup folder", format!("{dir} can be written")),
        Err(error) => {
            let uid = nix::unistd::geteuid();
            failed("backup folder", format!("{dir}: {error}; make it writable for uid {uid}"))
        }
    }
}

/// A dump program older than the server refuses to dump it.
fn pg_dump(config: &Config, server: u32) -> Check {
    let beside_server = (config.database_url.is_none())
        .then(|| embedded::find_binaries(&config.data_dir, config.postgres_bin_dir.as_deref()))
        .and_then(Result::ok)
        .map(|(dir, _)| dir.join("pg_dump"));
    let program = beside_server.as_deref().unwrap_or(Path::new("pg_dump"));
    let Ok(output) = Command::new(program).arg("--version").output() else {
        return failed("pg_dump", "not found; install the client programs of PostgreSQL");
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let major = text
        .split(|c: char| !c.is_ascii_digit())
        .find_map(|digits| digits.parse::<u32>().ok())
        .unwrap_or_default();
    if major < server {
        return failed(
            "pg_dump",
            format!("is version {major} and the server is {server}; install version {server}"),
        );
    }
    ok("pg_dump", format!("version {major}"))
}

/// Whether people's address leads to this program; only a running server can show it.
async fn proxy(config: &Config) -> Check {
    let name = "proxy address";
    if config.public_url.is_loopback() {
        return ok(name, "none: only this machine reaches it");
    }
    let address = format!("{}/version", config.public_url);
    let answer = async {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
        client.get(&address).send().await?.error_for_status()?.json::<serde_json::Value>().await
    };
    match answer.await {
        Ok(version) if version.get("version").is_some() => ok(name, "leads to Nottario"),
        Ok(_) => failed(name, format!("{address} is answered by something else")),
        Err(error) => warning(
            name,
            format!("{address} does not answer ({error}); start the server and look again"),
        ),
    }
}
