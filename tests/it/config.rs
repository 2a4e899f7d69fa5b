//! The environment becomes a checked configuration, or a list of everything that is wrong with it.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use nottario::config::{Config, ConfigError, HttpAddr, SETTINGS, ToolNames, environment_help};

fn read(values: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let values: HashMap<_, _> = values.iter().copied().collect();
    Config::read(&|name| match (name, values.get(name)) {
        ("HOME", None) => Some("/home/somebody".to_owned()),
        (_, value) => value.map(|value| (*value).to_owned()),
    })
}

fn problems(values: &[(&str, &str)]) -> Vec<String> {
    read(values).unwrap_err().problems().iter().map(ToString::to_string).collect()
}

/// What a public instance needs at least.
const PUBLIC: [(&str, &str); 4] = [
    ("PUBLIC_URL", "https://tasks.example.org"),
    ("GITHUB_OAUTH_CLIENT_ID", "Iv1.client"),
    ("GITHUB_OAUTH_CLIENT_SECRET", "hunter2-github"),
    ("SESSION_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
];

fn public_with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    PUBLIC.iter().chain(more).copied().collect()
}

#[test]
fn an_empty_environment_is_a_loopback_instance_with_an_embedded_database() {
    let config = read(&[]).unwrap();

    assert_eq!(config.public_url.to_string(), "http://localhost:8080");
    assert_eq!(config.http_addr, HttpAddr::Loopback(8080));
    assert!(config.database_url.is_none());
    assert!(config.github.is_none());
    assert!(config.backups.is_none());
    assert_eq!(config.arch_idle, Duration::from_mins(2));
    assert_eq!(config.mcp_tool_names, ToolNames::Underscore);
    assert!(config.data_dir.is_absolute());
}

#[test]
fn a_port_that_is_said_once_is_meant_for_both() {
    let url = |values: &[(&str, &str)]| read(values).unwrap().public_url.to_string();

    assert_eq!(url(&[("HTTP_ADDR", ":8081")]), "http://localhost:8081");
    assert_eq!(url(&[("HTTP_ADDR", "localhost:8081")]), "http://localhost:8081");
    // What is said of the address itself holds, and a free port is not known yet.
    let both = [("HTTP_ADDR", ":8081"), ("PUBLIC_URL", "http://localhost:9000")];
    assert_eq!(url(&both), "http://localhost:9000");
    assert_eq!(url(&[("HTTP_ADDR", ":0")]), "http://localhost:8080");
    assert_eq!(url(&[("HTTP_ADDR", "192.0.2.1:8081")]), "http://localhost:8080");
    assert_eq!(
        url(&public_with(&[("HTTP_ADDR", ":8081")])),
        "https://tasks.example.org",
        "behind a proxy the ports have nothing to do with each other"
    );
}

#[test]
fn a_public_instance_listens_on_every_interface() {
    let config = read(&PUBLIC).unwrap();

    assert_eq!(config.http_addr, HttpAddr::AllInterfaces(8080));
    assert!(config.public_url.is_https());
    let github = config.github.unwrap();
    assert_eq!(github.api_url, "https://api.github.com");
    assert_eq!(github.client_secret.expose(), "hunter2-github");
}

#[test]
fn every_problem_is_reported_at_once_with_what_to_do() {
    let problems = problems(&[
        ("PUBLIC_URL", "https://tasks.example.org/path"),
        ("HTTP_ADDR", "eighty"),
        ("DATABASE_URL", "mysql://root:hunter2@db/x"),
        ("SESSION_KEY", "short"),
        ("NOTTARIO_BACKUP_AT", "25:00"),
        ("NOTTARIO_BACKUP_KEEP_DAYS", "0"),
        ("NOTTARIO_TRUSTED_PROXIES", "10.0.0.0/8, 10.0.0.0/33"),
        ("NOTTARIO_MCP_TOOL_NAMES", "dashes"),
        ("NOTIFICATIONS_ENABLED", "maybe"),
        ("RUST_LOG", "nottario=noisy"),
    ]);

    let named: Vec<_> = problems.iter().map(|line| line.split(' ').next().unwrap()).collect();
    let expected = [
        "PUBLIC_URL",
        "HTTP_ADDR",
        "DATABASE_URL",
        "SESSION_KEY",
        "NOTTARIO_BACKUP_AT",
        "NOTTARIO_BACKUP_KEEP_DAYS",
        "NOTTARIO_TRUSTED_PROXIES",
        "NOTTARIO_MCP_TOOL_NAMES",
        "NOTIFICATIONS_ENABLED",
        "RUST_LOG",
    ];
    assert_eq!(named, expected);
    assert!(!problems.concat().contains("hunter2"), "{problems:?}");
    assert!(problems.iter().all(|line| !line.contains('\n')), "{problems:?}");
}

#[test]
fn a_public_address_without_github_and_key_names_what_is_missing() {
    let problems = problems(&[("PUBLIC_URL", "https://tasks.example.org")]).join("\n");

    for name in ["GITHUB_OAUTH_CLIENT_ID", "GITHUB_OAUTH_CLIENT_SECRET", "SESSION_KEY"] {
        assert!(problems.contains(name), "{name} in {problems}");
    }
}

#[test]
fn half_a_github_client_is_a_mistake_on_loopback_too() {
    let problems = problems(&[("GITHUB_OAUTH_CLIENT_ID", "Iv1.client")]);

    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("GITHUB_OAUTH_CLIENT_SECRET "), "{problems:?}");
}

#[test]
fn a_file_twin_wins_and_loses_its_trailing_white_space() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, "from-the-file \r\n\n").unwrap();

    let path = path.to_str().unwrap();
    let config = read(&public_with(&[("GITHUB_OAUTH_CLIENT_SECRET_FILE", path)])).unwrap();

    assert_eq!(config.github.unwrap().client_secret.expose(), "from-the-file");
}

#[test]
fn an_unreadable_secret_file_stops_the_start_with_path_reason_and_uid() {
    let problems = problems(&public_with(&[("SESSION_KEY_FILE", "/nonexistent/session-key")]));

    let uid = nix::unistd::geteuid().to_string();
    assert_eq!(problems.len(), 1, "{problems:?}");
    for part in ["SESSION_KEY_FILE", "/nonexistent/session-key", "No such file", &uid] {
        assert!(problems[0].contains(part), "{part} in {problems:?}");
    }
}

#[test]
fn secrets_never_print() {
    let config = read(&public_with(&[
        ("DATABASE_URL", "postgres://nottario:hunter2-database@db/nottario"),
        ("DATABASE_URL_DIRECT", "postgres://nottario:hunter2-direct@db/nottario"),
    ]))
    .unwrap();

    let printed = format!("{config:?} {config:#?} {}", config.database_url.as_ref().unwrap());

    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(!printed.contains("AAECAwQF"), "{printed}");
    assert!(!printed.contains("0, 1, 2, 3"), "{printed}");
}

#[test]
fn a_loopback_instance_keeps_one_session_key_that_only_its_owner_reads() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let values = [("NOTTARIO_DATA_DIR", data_dir.to_str().unwrap())];

    let first = read(&values).unwrap().session_key().unwrap();
    let second = read(&values).unwrap().session_key().unwrap();

    assert_eq!(first, second);
    assert_ne!(first.expose(), &[0; 32]);
    let mode = fs::metadata(data_dir.join("session.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn loopback_is_recognised_by_name_and_by_address() {
    for (url, is_loopback) in [
        ("http://localhost:8080", true),
        ("http://127.1.2.3", true),
        ("http://[::1]:9000/", true),
        ("http://board.localhost", true),
        ("http://192.168.1.7:8080", false),
        ("https://localhost.example.org", false),
    ] {
        let url: nottario::config::PublicUrl = url.parse().unwrap();
        assert_eq!(url.is_loopback(), is_loopback, "{url}");
    }
}

#[test]
fn trusted_proxies_are_ranges() {
    let config = read(&[("NOTTARIO_TRUSTED_PROXIES", "10.1.0.0/16, 2001:db8::/32")]).unwrap();
    let is_trusted =
        |ip: &str| config.trusted_proxies.iter().any(|range| range.contains(ip.parse().unwrap()));

    assert!(is_trusted("10.1.200.3"));
    assert!(is_trusted("::ffff:10.1.0.9"));
    assert!(is_trusted("2001:db8:1::5"));
    assert!(!is_trusted("10.2.0.1"));
    assert!(!is_trusted("127.0.0.1"));
}

#[test]
fn the_help_lists_every_variable_with_its_file_twin() {
    let help = environment_help();

    for setting in &SETTINGS {
        assert!(help.contains(setting.name), "{}", setting.name);
    }
    assert!(help.contains("DATABASE_URL (_FILE)"), "{help}");
}
