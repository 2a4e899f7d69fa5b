//! The environment, read once into a checked [`Config`].
//!
//! Whoever holds a `Config` holds settings that were checked together: every problem is collected
//! and reported at once, in words that say what to do. Secrets are [`Secret`]s and never print.

mod addresses;
mod data_dir;
mod in_force;
mod public_url;
mod reader;
mod secret;
mod settings;

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use chrono::NaiveTime;

pub use addresses::{HttpAddr, IpRange};
pub use in_force::InForce;
pub use public_url::PublicUrl;
pub use reader::{ConfigError, Problem};
pub use secret::Secret;
pub use settings::{SETTINGS, Setting, environment_help};

use data_dir::default_data_dir;
use reader::Reader;

/// Everything that can be set from outside, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The base address that people reach.
    pub public_url: PublicUrl,
    /// Where the server listens.
    pub http_addr: HttpAddr,
    /// The address of the database; `None` runs the embedded one.
    pub database_url: Option<Secret<String>>,
    /// A connection past a transaction pooler, for the listener, the workers and migrations.
    pub database_url_direct: Option<Secret<String>>,
    /// Where the embedded database and generated keys live.
    pub data_dir: PathBuf,
    /// Where the server binaries of PostgreSQL are, when the usual places are not right.
    pub postgres_bin_dir: Option<PathBuf>,
    /// The GitHub client that signs people in; `None` on a loopback instance with local sign-in.
    pub github: Option<GitHub>,
    /// Seals sessions; `None` means generated in the data directory (see [`Config::session_key`]).
    configured_session_key: Option<Secret<[u8; 32]>>,
    /// The daily dumps; `None` means that nobody asked for backups.
    pub backups: Option<Backups>,
    /// How long the architecture map is idle before its changes become a revision.
    pub arch_idle: Duration,
    /// Whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpRange>,
    /// How the agents' tools are listed.
    pub mcp_tool_names: ToolNames,
    /// Whether people are notified at all.
    pub notifications_enabled: bool,
    /// Whether the release feed is looked at once a day.
    pub self_update_check_enabled: bool,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged, in the words of `tracing`'s filter; `None` is each command's own default.
    pub log_filter: Option<String>,
    /// Where traces go.
    pub otel_endpoint: Option<String>,
    /// A separate address for `/metrics`.
    pub metrics_addr: Option<HttpAddr>,
}

/// The GitHub application that signs people in.
#[derive(Clone, Debug)]
pub struct GitHub {
    /// The client id of the OAuth application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret<String>,
    /// The organisation whose active members get in; `None` lets everybody in.
    pub org: Option<String>,
    /// The base address of the pages, without a trailing slash.
    pub url: String,
    /// The base address of the API, without a trailing slash.
    pub api_url: String,
}

/// When and where the database is dumped.
#[derive(Clone, Debug)]
pub struct Backups {
    /// The folder of the dumps.
    pub dir: PathBuf,
    /// The time of day, in the time zone `TZ`.
    pub at: NaiveTime,
    /// How many days a dump is kept.
    pub keep_days: u32,
}

/// How the agents' tools are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolNames {
    /// `nottario_tasks_claim_next`: what every client accepts.
    Underscore,
    /// `nottario.tasks.claim_next`.
    Dotted,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line per event.
    Text,
    /// One JSON object per event, for machines.
    Json,
}

impl Config {
    /// Reads the environment of the process, with `.env` of the working directory behind it.
    pub fn from_env() -> Result<Config, ConfigError> {
        let (file, file_problem) = reader::dotenv(Path::new(".env"));
        let read = Config::read(&|name| {
            env::var_os(name)
                .map(|value| value.to_string_lossy().into_owned())
                .or_else(|| file.get(name).cloned())
        });

        match (read, file_problem) {
            (read, None) => read,
            (Ok(_), Some(problem)) => Err(ConfigError::from(vec![problem])),
            (Err(error), Some(problem)) => Err(error.and(problem)),
        }
    }

    /// Reads settings from any source; all problems come back together.
    ///
    /// An empty value counts as not set, as compose files write it.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let mut from = Reader::new(lookup);

        let is_named = from.text("PUBLIC_URL").is_some();
        let public_url: PublicUrl = from.parsed("PUBLIC_URL").unwrap_or_default();
        let on_loopback = public_url.is_loopback();
        let http_addr = from
            .text("HTTP_ADDR")
            .or_else(|| Some(":8080".to_owned()))
            .and_then(|text| from.check("HTTP_ADDR", HttpAddr::parse(&text, on_loopback)));
        // Who only says HTTP_ADDR=:8081 means that address; with port 0 it is not known yet.
        let public_url = match http_addr {
            Some(HttpAddr::Loopback(port)) if !is_named && port != 0 => public_url.with_port(port),
            _ => public_url,
        };
        let metrics_addr = from
            .text("NOTTARIO_METRICS_ADDR")
            .and_then(|text| from.check("NOTTARIO_METRICS_ADDR", HttpAddr::parse(&text, true)));
        let database_url = database_address(&mut from, "DATABASE_URL");
        let database_url_direct = database_address(&mut from, "DATABASE_URL_DIRECT");
        if database_url_direct.is_some() && database_url.is_none() {
            from.problem(
                "DATABASE_URL_DIRECT",
                "is set without DATABASE_URL; set DATABASE_URL as well, or remove it",
            );
        }
        let data_dir = from
            .text("NOTTARIO_DATA_DIR")
            .map(PathBuf::from)
            .or_else(|| from.check("NOTTARIO_DATA_DIR", default_data_dir(lookup)));
        let github = github(&mut from, on_loopback);
        let configured_session_key = session_key(&mut from, on_loopback);
        let backups = backups(&mut from);

        let config = Config {
            public_url,
            http_addr: http_addr.unwrap_or(HttpAddr::Loopback(8080)),
            database_url,
            database_url_direct,
            data_dir: data_dir.unwrap_or_default(),
            postgres_bin_dir: from.text("NOTTARIO_POSTGRES_BIN_DIR").map(PathBuf::from),
            github,
            configured_session_key,
            backups,
            arch_idle: Duration::from_secs(from.number("NOTTARIO_ARCH_IDLE_SECONDS", 120).into()),
            trusted_proxies: from
                .list("NOTTARIO_TRUSTED_PROXIES")
                .unwrap_or_else(IpRange::loopback_and_private),
            mcp_tool_names: from
                .choice(
                    "NOTTARIO_MCP_TOOL_NAMES",
                    &[("underscore", ToolNames::Underscore), ("dotted", ToolNames::Dotted)],
                )
                .unwrap_or(ToolNames::Underscore),
            notifications_enabled: from.switch("NOTIFICATIONS_ENABLED", true),
            self_update_check_enabled: from.switch("SELF_UPDATE_CHECK_ENABLED", false),
            log_format: from
                .choice("LOG_FORMAT", &[("text", LogFormat::Text), ("json", LogFormat::Json)])
                .unwrap_or(LogFormat::Text),
            log_filter: log_filter(&mut from),
            otel_endpoint: from.http_address("OTEL_EXPORTER_OTLP_ENDPOINT"),
            metrics_addr,
        };
        from.finish(config)
    }

    /// The key that seals sessions: the configured one, or one kept in the data directory.
    ///
    /// It is generated at the first call on a loopback instance, readable by its owner only.
    pub fn session_key(&self) -> std::io::Result<Secret<[u8; 32]>> {
        match &self.configured_session_key {
            Some(key) => Ok(key.clone()),
            None => data_dir::kept_session_key(&self.data_dir),
        }
    }
}

/// Reads one database address, and checks that it is one before anything tries to connect.
fn database_address(from: &mut Reader<'_>, name: &'static str) -> Option<Secret<String>> {
    let address = from.secret(name)?;
    let text = address.expose();
    let known_scheme = text.starts_with("postgres://") || text.starts_with("postgresql://");
    if known_scheme && text.parse::<sqlx::postgres::PgConnectOptions>().is_ok() {
        return Some(address);
    }
    // The value itself stays out of the message: it may carry a password.
    from.problem(
        name,
        "is not a database address; write it as postgres://USER:PASSWORD@HOST:5432/DATABASE",
    );
    None
}

fn github(from: &mut Reader<'_>, on_loopback: bool) -> Option<GitHub> {
    let client_id = from.text("GITHUB_OAUTH_CLIENT_ID");
    let client_secret = from.secret("GITHUB_OAUTH_CLIENT_SECRET");
    let org = from.text("GITHUB_OAUTH_ORG");
    let url = from.http_address("GITHUB_URL").unwrap_or_else(|| "https://github.com".to_owned());
    let api_url = from.http_address("GITHUB_API_URL").unwrap_or_else(|| {
        if url == "https://github.com" {
            "https://api.github.com".to_owned()
        } else {
            format!("{url}/api/v3")
        }
    });

    // Half a client is a mistake everywhere; none at all is one where strangers can reach us.
    let wanted = !on_loopback || client_id.is_some() || client_secret.is_some();
    if wanted && client_id.is_none() && from.is_absent("GITHUB_OAUTH_CLIENT_ID") {
        from.problem("GITHUB_OAUTH_CLIENT_ID", MISSING_GITHUB);
    }
    if wanted && client_secret.is_none() && from.is_absent("GITHUB_OAUTH_CLIENT_SECRET") {
        from.problem("GITHUB_OAUTH_CLIENT_SECRET", MISSING_GITHUB);
    }
    Some(GitHub { client_id: client_id?, client_secret: client_secret?, org, url, api_url })
}

const MISSING_GITHUB: &str = "is not set; create an OAuth application at GitHub \
    (Settings, Developer settings) and set its id and secret: people sign in with it \
    unless PUBLIC_URL is a loopback address";

fn session_key(from: &mut Reader<'_>, on_loopback: bool) -> Option<Secret<[u8; 32]>> {
    let Some(text) = from.secret("SESSION_KEY") else {
        if !on_loopback && from.is_absent("SESSION_KEY") {
            from.problem("SESSION_KEY", "is not set; make one with: openssl rand -base64 32");
        }
        return None;
    };
    let key = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|alphabet| alphabet.decode(text.expose()).ok())
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if key.is_none() {
        from.problem(
            "SESSION_KEY",
            "is not 32 bytes in base64; make one with: openssl rand -base64 32",
        );
    }
    key.map(Secret::new)
}

fn backups(from: &mut Reader<'_>) -> Option<Backups> {
    let at = from
        .parsed_with("NOTTARIO_BACKUP_AT", |text| {
            NaiveTime::parse_from_str(text, "%H:%M")
                .map_err(|_| "is not a time of day; write it as HH:MM, such as 03:00".to_owned())
        })
        .unwrap_or_else(|| NaiveTime::from_hms_opt(3, 0, 0).unwrap_or_default());
    let keep_days = from.number("NOTTARIO_BACKUP_KEEP_DAYS", 7);
    let dir = PathBuf::from(from.text("NOTTARIO_BACKUP_DIR")?);
    Some(Backups { dir, at, keep_days })
}

fn log_filter(from: &mut Reader<'_>) -> Option<String> {
    from.parsed_with("RUST_LOG", |text| {
        tracing_subscriber::EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| {
            format!("is not a log filter ({error}); write a level such as info or nottario=debug")
        })
    })
}
