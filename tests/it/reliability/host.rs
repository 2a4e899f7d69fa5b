//! A server in this process, with all that a real one runs.

use nottario::app::{App, Limits, Running};
use nottario::config::Config;
use nottario::db::Database;
use nottario::mcp;
use sqlx::PgPool;

use super::ledger::number;
use super::logbook;
use crate::cluster::TestDatabase;
use crate::world::PATIENCE;

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

/// Looks until something is so; a look that takes no time gives the others a turn.
pub(super) async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    let looking = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    assert!(found.is_ok(), "waited in vain: {what}");
}
