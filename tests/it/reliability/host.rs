//! A server in this process, with all that a real one runs.

use std::net::SocketAddr;
use std::time::Duration;

use nottario::app::{App, Limits, Running};
use nottario::config::Config;
use nottario::db::Database;
use nottario::mcp;
use sqlx::PgPool;
use tokio::time::{sleep, timeout};

use super::ledger::number;
use super::logbook;
use crate::cluster::TestDatabase;
use crate::server::Server;

/// How long something may take that has to happen: so long that only a real hang fails.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server on a free port that refuses nobody for being fast.
pub(super) async fn host(database: &TestDatabase) -> Running {
    host_on(Database::connect(database.connect_options.clone())).await
}

/// A server on a database that is open already.
pub(super) async fn host_on(database: Database) -> Running {
    logbook::open();
    let config = Config::read(&|name| match name {
        "HTTP_ADDR" => Some("127.0.0.1:0".to_owned()),
        "NOTTARIO_DATA_DIR" => Some("unused".to_owned()),
        _ => None,
    })
    .unwrap();
    let limits = Limits { agents: mcp::limits::Limits::lifted(), ..Limits::default() };
    App::start(config, database, limits).await.unwrap()
}

/// Waits until every event has its position.
pub(super) async fn until_numbered(pool: &PgPool) {
    eventually("the relay numbers every event", async || {
        number(pool, "select count(*) from event_outbox").await == 0
    })
    .await;
}

/// Looks until something is so; the pauses leave the machine to those who make it so.
pub(super) async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    let looking = async {
        while !is_so().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let found = timeout(PATIENCE, looking).await;
    assert!(found.is_ok(), "waited in vain: {what}");
}

/// Where a server of the program itself listens.
pub(super) fn address_of(server: &Server) -> SocketAddr {
    let port = server.url.rsplit_once(':').unwrap().1;
    SocketAddr::from(([127, 0, 0, 1], port.trim_end_matches('/').parse().unwrap()))
}
