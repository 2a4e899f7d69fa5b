//! The list of environment variables, as `serve --help` and the documentation show it.

use std::fmt::Write as _;

/// One environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// True when `NAME_FILE` may name a file that holds the value.
    pub has_file_twin: bool,
    /// What holds when it is not set.
    pub default: &'static str,
    /// What it is for, in one line.
    pub purpose: &'static str,
}

const fn setting(name: &'static str, default: &'static str, purpose: &'static str) -> Setting {
    Setting { name, has_file_twin: false, default, purpose }
}

const fn secret(name: &'static str, default: &'static str, purpose: &'static str) -> Setting {
    Setting { name, has_file_twin: true, default, purpose }
}

/// Every variable that the program reads.
pub const SETTINGS: [Setting; 24] = [
    setting(
        "PUBLIC_URL",
        "http://localhost:8080",
        "base address that people reach; its port is HTTP_ADDR's",
    ),
    setting(
        "HTTP_ADDR",
        ":8080",
        "listen address; a port alone is loopback on a loopback PUBLIC_URL",
    ),
    secret("DATABASE_URL", "embedded database", "PostgreSQL 15 or newer, 16 recommended"),
    secret(
        "DATABASE_URL_DIRECT",
        "DATABASE_URL",
        "direct connection, when DATABASE_URL is a transaction pooler",
    ),
    setting("NOTTARIO_DATA_DIR", "per-user data directory", "where the embedded database lives"),
    setting("NOTTARIO_POSTGRES_BIN_DIR", "found", "server binaries of the embedded database"),
    setting("GITHUB_OAUTH_CLIENT_ID", "required outside loopback", "GitHub sign-in"),
    secret("GITHUB_OAUTH_CLIENT_SECRET", "required outside loopback", "GitHub sign-in"),
    setting("GITHUB_OAUTH_ORG", "off", "organisation whose members get in"),
    setting("GITHUB_URL", "https://github.com", "GitHub Enterprise"),
    setting("GITHUB_API_URL", "https://api.github.com", "GitHub Enterprise"),
    secret("SESSION_KEY", "required outside loopback", "32 random bytes, base64"),
    setting("NOTTARIO_BACKUP_DIR", "off", "where dumps go; empty means no backups"),
    setting("NOTTARIO_BACKUP_AT", "03:00", "time of day of the dump, in the time zone TZ"),
    setting("NOTTARIO_BACKUP_KEEP_DAYS", "7", "days that a dump is kept"),
    setting("NOTTARIO_ARCH_IDLE_SECONDS", "120", "idle window of a map revision"),
    setting(
        "NOTTARIO_TRUSTED_PROXIES",
        "loopback and private ranges",
        "whose X-Forwarded-* are believed",
    ),
    setting("NOTTARIO_MCP_TOOL_NAMES", "underscore", "underscore or dotted"),
    setting("NOTIFICATIONS_ENABLED", "true", "notify people"),
    setting("SELF_UPDATE_CHECK_ENABLED", "false", "look at the release feed once a day"),
    setting("LOG_FORMAT", "text", "text, or json for machines"),
    setting("RUST_LOG", "info", "what is logged, such as info or nottario=debug"),
    setting("OTEL_EXPORTER_OTLP_ENDPOINT", "off", "where traces go"),
    setting("NOTTARIO_METRICS_ADDR", "off", "separate address for /metrics"),
];

/// The list as text, one variable per line, for `serve --help`.
#[must_use]
pub fn environment_help() -> String {
    let mut text = String::from(
        "Environment (a .env file in the working directory is read first and never overrides):\n",
    );
    for setting in &SETTINGS {
        let twin = if setting.has_file_twin { " (_FILE)" } else { "" };
        let name = format!("{}{twin}", setting.name);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<35} {} [{}]", setting.purpose, setting.default);
    }
    text
}
