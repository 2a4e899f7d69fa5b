//! The server as a whole: it says how it is, bears a panic, and stops cleanly.

use std::convert::Infallible;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use nottario::app::{App, Limits, Running};
use nottario::config::Config;
use nottario::db::embedded::attach;
use nottario::db::{Database, migrations};
use nottario::web;
use serde_json::{Value, json};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, SqlSafeStr as _};
use tokio::net::TcpStream;
use tower::ServiceExt as _;

use crate::cluster::{self, TestDatabase};
use crate::embedded;
use crate::server::{self, Server, complaint};
use crate::world::PATIENCE;

/// A server in this process, on a free port.
async fn start(database: &TestDatabase) -> Running {
    let config = Config::read(&|name| match name {
        "HTTP_ADDR" => Some(":0".to_owned()),
        "NOTTARIO_DATA_DIR" => Some("unused".to_owned()),
        _ => None,
    })
    .unwrap();
    let database = Database::connect(database.connect_options.clone());
    App::start(config, database, Limits::default()).await.unwrap()
}

async fn ask(url: &str, path: &str) -> (StatusCode, HeaderMap, Value) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let response = reqwest::get(format!("{url}{path}")).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    (status, headers, response.json().await.unwrap())
}

#[tokio::test]
async fn a_started_server_is_alive_and_ready_and_knows_its_version() {
    let database = cluster::database().await;
    let running = start(&database).await;

    let (alive, _, _) = ask(&running.url(), "/healthz").await;
    let (ready, _, readiness) = ask(&running.url(), "/readyz").await;
    let (known, _, version) = ask(&running.url(), "/version").await;

    assert_eq!((alive, ready, known), (StatusCode::OK, StatusCode::OK, StatusCode::OK));
    let expected = json!({
        "ready": true, "database": "reachable", "migrations": "applied", "listener": "listening",
    });
    assert_eq!(readiness, expected);
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert!(version["commit"].is_string());
    assert!(version["built_at"].as_str().unwrap().starts_with("20"), "{version}");
    running.stop().await;
}

#[tokio::test]
async fn a_start_migrates_an_empty_database() {
    let database = cluster::empty_database().await;

    let running = start(&database).await;

    let (status, _, _) = ask(&running.url(), "/readyz").await;
    assert_eq!(status, StatusCode::OK);
    running.stop().await;
}

#[tokio::test]
async fn readiness_follows_the_database_and_the_process_stays() {
    let database = cluster::database().await;
    let running = start(&database).await;
    let admin = database.connect_options.clone().database("nottario");
    let name = &database.name;

    cluster::run(&admin, format!("alter database {name} allow_connections false")).await;
    let end = format!(
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{name}'"
    );
    cluster::run(&admin, end).await;
    let (without, _, readiness) = ask(&running.url(), "/readyz").await;
    let (alive, _, _) = ask(&running.url(), "/healthz").await;
    cluster::run(&admin, format!("alter database {name} allow_connections true")).await;
    // The listener makes its connection anew after a pause.
    let back = async {
        while ask(&running.url(), "/readyz").await.0 != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, back).await.expect("it becomes ready again");

    assert_eq!(without, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(readiness["database"], "unreachable");
    assert_eq!(alive, StatusCode::OK);
    running.stop().await;
}

#[tokio::test]
async fn a_schema_that_became_newer_is_not_ready() {
    let database = cluster::database().await;
    let running = start(&database).await;
    let mut newer: Vec<Migration> = migrations::MIGRATIONS.iter().cloned().collect();
    let sql = "create table of_tomorrow ();".into_sql_str();
    newer.push(Migration::new(9999, "tomorrow".into(), MigrationType::Simple, sql, false));
    let newer = Migrator::with_migrations(newer);
    migrations::run_set(&database.connect_options, &newer).await.unwrap();

    let (status, _, readiness) = ask(&running.url(), "/readyz").await;

    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(readiness["migrations"], "refused");
    running.stop().await;
}

#[tokio::test]
async fn every_answer_has_the_security_headers_and_a_request_id() {
    let database = cluster::database().await;
    let running = start(&database).await;

    for path in ["/healthz", "/readyz", "/version", "/nothing-here"] {
        let (_, headers, _) = ask(&running.url(), path).await;
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
        assert!(header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert!(!header("x-request-id").is_empty(), "{path}");
        assert!(!headers.contains_key("strict-transport-security"), "{path}");
    }
    running.stop().await;
}

/// One request through the layers alone.
async fn through_layers(routes: Router, limit: Duration) -> (StatusCode, HeaderMap, Value) {
    let routes = web::with_layers(web::with_time_limit(routes, limit), true);
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = routes.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_panic_is_an_answer_with_a_reference() {
    let routes = Router::new().route("/", get(panicking));

    let (status, headers, body) = through_layers(routes, Duration::from_secs(30)).await;

    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(body["code"], "internal");
    assert!(uuid::Uuid::parse_str(body["reference"].as_str().unwrap()).is_ok());
    assert!(!body.to_string().contains("secret"), "{body}");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(headers.contains_key("strict-transport-security"));
}

async fn panicking() -> Result<(), Infallible> {
    panic!("a secret of the code")
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_given_up() {
    let routes = Router::new().route("/", get(std::future::pending::<()>));

    let (status, _, body) = through_layers(routes, Duration::ZERO).await;

    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["code"], "timeout");
}

#[tokio::test]
async fn a_stop_lets_a_request_in_flight_finish_and_takes_no_new_one() {
    let database = cluster::database().await;
    let running = start(&database).await;
    let (address, url) = (running.address, running.url());
    // Readiness reads the history of migrations, so this holds its answer back.
    let mut holder = PgConnection::connect_with(&database.connect_options).await.unwrap();
    let mut hold = holder.begin().await.unwrap();
    let lock = "lock table _sqlx_migrations in access exclusive mode";
    sqlx::raw_sql(lock).execute(&mut *hold).await.unwrap();
    let in_flight = tokio::spawn(async move { ask(&url, "/readyz").await.0 });
    let waiting = "select count(*)::text from pg_locks where not granted and database = \
                   (select oid from pg_database where datname = current_database())";
    while cluster::ask(&database.connect_options, waiting).await != ["1"] {}

    let stopping = tokio::spawn(running.stop());
    while TcpStream::connect(address).await.is_ok() {}
    assert!(!in_flight.is_finished());
    hold.rollback().await.unwrap();

    assert_eq!(in_flight.await.unwrap(), StatusCode::OK);
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_lost_embedded_database_ends_the_server_with_status_1() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    embedded::prepare(&data_dir).await;
    let mut server = Server::embedded(&data_dir);
    let pid_file = std::fs::read_to_string(data_dir.join("cluster/postmaster.pid")).unwrap();
    let postmaster = Pid::from_raw(pid_file.lines().next().unwrap().parse().unwrap());

    kill(postmaster, Signal::SIGQUIT).unwrap();

    assert_eq!(server.wait().code(), Some(1));
}

#[tokio::test]
async fn sigterm_ends_the_server_with_status_0_and_stops_its_database() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    let mut server = Server::embedded(&data_dir);
    let (status, _, _) = ask(&server.url, "/readyz").await;
    assert_eq!(status, StatusCode::OK);

    let ended = server.terminate();

    assert_eq!(ended.code(), Some(0));
    assert!(!data_dir.join("cluster/postmaster.pid").exists());
    let log = server.rest_of_log();
    assert!(log.iter().any(|line| line["message"] == "stopping"), "{log:?}");
}

#[tokio::test]
async fn kill_9_stops_the_database_cleanly_and_keeps_what_was_committed() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    embedded::prepare(&data_dir).await;
    let mut first = Server::embedded(&data_dir);
    let (options, _pass) = attach(&data_dir).await.unwrap().unwrap();
    cluster::run(&options, "create table notes as select 'kept' as note".to_owned()).await;

    first.kill();

    // Only Linux tells the database of our end; elsewhere the next start stops it.
    if cfg!(target_os = "linux") {
        let patience = Instant::now() + Duration::from_mins(1);
        while data_dir.join("cluster/postmaster.pid").exists() {
            assert!(Instant::now() < patience, "the database outlived its owner");
            std::thread::yield_now();
        }
    }
    let mut second = Server::embedded(&data_dir);
    let (options, _pass) = attach(&data_dir).await.unwrap().unwrap();
    assert_eq!(cluster::ask(&options, "select note from notes").await, ["kept"]);
    let log = std::fs::read_to_string(data_dir.join("postgres.log")).unwrap();
    assert!(log.contains("received fast shutdown request"), "{log}");
    assert!(!log.contains("not properly shut down"), "{log}");
    assert_eq!(second.terminate().code(), Some(0));
}

#[tokio::test]
async fn a_second_server_on_the_data_directory_is_refused_and_commands_are_not() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    embedded::prepare(&data_dir).await;
    let _first = Server::embedded(&data_dir);
    let environment = [("NOTTARIO_DATA_DIR", data_dir.to_str().unwrap())];

    let second = server::run(&["serve"], &environment);
    let command = server::run(&["migrate", "--check"], &environment);

    assert_eq!(second.status.code(), Some(2));
    let said = complaint(&second);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("in use") && said.contains("NOTTARIO_DATA_DIR"), "{said}");
    assert_eq!(command.status.code(), Some(0), "{}", complaint(&command));
}

#[tokio::test]
async fn an_occupied_port_is_one_line_and_status_2() {
    let database = cluster::database().await;
    let occupied = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = occupied.local_addr().unwrap().to_string();

    let url = database.url();
    let output = server::run(
        &["serve"],
        &[("DATABASE_URL", &url), ("HTTP_ADDR", &address), ("RUST_LOG", "off")],
    );

    assert_eq!(output.status.code(), Some(2));
    let said = complaint(&output);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(&address) && said.contains("HTTP_ADDR"), "{said}");
}
