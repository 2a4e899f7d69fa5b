//! The command line: exit statuses, one line per problem, and answers for scripts.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::cluster;
use crate::embedded;
use crate::server::{Server, answer, complaint, nottario, run};

#[test]
fn wrong_use_is_status_2() {
    let output = run(&["conquer"], &[]);

    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("conquer"));
}

#[test]
fn the_help_of_serve_lists_the_environment() {
    let output = run(&["serve", "--help"], &[]);

    assert_eq!(output.status.code(), Some(0));
    for name in ["PUBLIC_URL", "DATABASE_URL (_FILE)", "NOTTARIO_METRICS_ADDR"] {
        assert!(answer(&output).contains(name), "{name}");
    }
}

#[test]
fn configuration_problems_are_reported_together_with_status_2() {
    let environment = [
        ("PUBLIC_URL", "https://tasks.example.org"),
        ("HTTP_ADDR", "eighty"),
        ("DATABASE_URL", "postgres://u:hunter2@/x?sslmode=wrong"),
        ("SESSION_KEY_FILE", "/nonexistent/session-key"),
    ];

    // No command means `serve`.
    let output = run(&[], &environment);

    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let named: Vec<_> = said.lines().map(|line| line.split(' ').nth(1).unwrap()).collect();
    let expected = [
        "HTTP_ADDR",
        "DATABASE_URL",
        "GITHUB_OAUTH_CLIENT_ID",
        "GITHUB_OAUTH_CLIENT_SECRET",
        "SESSION_KEY_FILE",
    ];
    assert_eq!(named, expected, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_dot_env_file_is_read_and_never_overrides() {
    let folder = tempfile::tempdir().unwrap();
    let text = "HTTP_ADDR=from-the-file\nNOTTARIO_MCP_TOOL_NAMES=from-the-file\n";
    fs::write(folder.path().join(".env"), text).unwrap();

    let output = nottario(&["serve"], &[("HTTP_ADDR", "from-the-environment")])
        .current_dir(folder.path())
        .output()
        .unwrap();

    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("HTTP_ADDR is \"from-the-environment\""), "{said}");
    assert!(said.contains("NOTTARIO_MCP_TOOL_NAMES is \"from-the-file\""), "{said}");
}

#[test]
fn a_database_that_does_not_answer_is_one_line_without_the_password() {
    let address = "postgres://nottario:hunter2@127.0.0.1:1/nottario";

    let output = run(&["serve"], &[("DATABASE_URL", address)]);

    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("127.0.0.1:1") && said.contains("DATABASE_URL"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_folder_without_server_binaries_is_one_line_with_the_ways_out() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    let environment = [
        ("NOTTARIO_DATA_DIR", data_dir.to_str().unwrap()),
        ("NOTTARIO_POSTGRES_BIN_DIR", "/nonexistent"),
    ];

    let output = run(&["serve"], &environment);

    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("install") && said.contains("DATABASE_URL"), "{said}");
}

#[tokio::test]
async fn migrate_says_what_is_pending_and_applies_it() {
    let database = cluster::empty_database().await;
    let url = database.url();
    let environment = [("DATABASE_URL", url.as_str())];

    let before = run(&["migrate", "--check", "--json"], &environment);
    let applied = run(&["migrate"], &environment);
    let after = run(&["migrate", "--check"], &environment);

    assert_eq!(before.status.code(), Some(1), "{}", complaint(&before));
    let pending: Value = serde_json::from_str(&answer(&before)).unwrap();
    assert_eq!(pending["pending"][0], "1 identity");
    assert_eq!(applied.status.code(), Some(0), "{}", complaint(&applied));
    assert!(answer(&applied).contains("applied: 1 identity"));
    assert_eq!(after.status.code(), Some(0));
    assert_eq!(answer(&after), "the schema is up to date\n");
}

#[tokio::test]
async fn commands_at_once_share_the_embedded_database() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    embedded::prepare(&data_dir).await;
    let environment = [("NOTTARIO_DATA_DIR", data_dir.to_str().unwrap())];
    let commands: Vec<_> = (0..3)
        .map(|_| {
            let mut command = nottario(&["migrate"], &environment);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();

    for command in commands {
        let output = command.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    }
    assert!(!data_dir.join("cluster/postmaster.pid").exists());
}

#[tokio::test]
async fn doctor_passes_on_a_good_database_and_names_each_check() {
    let database = cluster::database().await;

    let url = database.url();
    let output = run(&["doctor", "--json"], &[("DATABASE_URL", &url)]);

    assert_eq!(output.status.code(), Some(0), "{}", answer(&output));
    let checks: Vec<Value> = serde_json::from_str(&answer(&output)).unwrap();
    let names: Vec<_> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    let expected =
        ["configuration", "database", "rights", "clock", "schema", "backups", "proxy address"];
    assert_eq!(names, expected);
    assert!(checks.iter().all(|check| check["verdict"] != "failed"), "{checks:?}");
}

#[tokio::test]
async fn doctor_fails_on_what_would_fail_a_server() {
    let database = cluster::database().await;
    let url = database.url();
    let environment = [("DATABASE_URL", url.as_str()), ("NOTTARIO_BACKUP_DIR", "/nonexistent")];

    let bad_folder = run(&["doctor"], &environment);
    let bad_configuration = run(&["doctor"], &[("HTTP_ADDR", "eighty")]);

    assert_eq!(bad_folder.status.code(), Some(1));
    let line = |text: &str, start: &str| text.lines().any(|line| line.starts_with(start));
    assert!(line(&answer(&bad_folder), "failed   backup folder"), "{}", answer(&bad_folder));
    assert!(
        line(&answer(&bad_folder), "ok       database")
            || line(&answer(&bad_folder), "warning  database")
    );
    assert_eq!(bad_configuration.status.code(), Some(1));
    assert!(line(&answer(&bad_configuration), "failed   configuration"));
}

#[tokio::test]
async fn healthcheck_follows_the_server() {
    let database = cluster::database().await;
    let url = database.url();
    let mut server = Server::start(&[("DATABASE_URL", &url)]);
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    let address = format!(":{port}");

    let up = run(&["healthcheck"], &[("HTTP_ADDR", &address)]);
    // Nobody listens there, and no other test ever will.
    let down = run(&["healthcheck"], &[("HTTP_ADDR", ":1")]);
    server.terminate();

    assert_eq!(up.status.code(), Some(0), "{}", complaint(&up));
    assert_eq!(down.status.code(), Some(1));
}
