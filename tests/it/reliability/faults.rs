//! A statement that fails leaves nothing of its call behind, whichever statement it is.
//!
//! Each mutation is called again and again in the same state; the first statement of the call goes
//! wrong, then the second, and so on, until there is none left and the call succeeds.

use serde_json::json;
use sqlx::PgPool;

use super::ledger::rows;
use super::proxy::{Fault, Proxy};
use super::scene::{Scene, mutations, stage, with};
use super::wire::Reply;
use crate::cluster;

/// Everything in the database; one line for each table.
async fn fingerprint(pool: &PgPool) -> Vec<String> {
    use sqlx::Row as _;
    let tables = "select string_agg(format('select %L || coalesce(md5(string_agg(r::text, '''' \
                  order by r::text)), '''') from %I r', tablename || ' ', tablename), ' union all ') \
                  from pg_tables where schemaname = 'public'";
    let statement: String = rows(pool, tables).await[0].get(0);
    rows(pool, &statement).await.iter().map(|row| row.get(0)).collect()
}

/// What an answer may not contain: the words of the database, of its driver, and of the fault.
const INSIDE: [&str; 6] = ["portal", "zero", "sql", "connection", "database error", "select"];

/// Lets one statement after the other of a call go wrong; answers how many there were.
async fn fail_one_after_the_other(tool: &str, fault: Fault) -> u32 {
    let database = cluster::database().await;
    let pool = &database.pool;
    let proxy = Proxy::start(&database);
    let stage = stage(&database, proxy.pool()).await;
    let scene = Scene::new(pool, &stage, "scene").await;
    let arguments = with(scene.arguments(tool), "idempotency_key", json!("key"));
    // Noting that a token was used may fail and fails no call, so none is due here.
    let used = "update tokens set last_used_at = now() + interval '1 day'";
    sqlx::raw_sql(used).execute(pool).await.unwrap();
    let mut wire = scene.wire();
    let before = fingerprint(pool).await;

    for nth in 1.. {
        proxy.arm(nth, fault);
        let reply = wire.call(tool, &arguments).await;
        if !proxy.disarm() {
            reply.answer();
            assert_ne!(fingerprint(pool).await, before, "{tool}");
            return nth - 1;
        }
        let said = match reply {
            // The token could not be looked up: the call never reached a tool.
            Reply::TurnedAway(503, body) => body,
            Reply::Refused(text) => {
                assert!(text.starts_with("internal: "), "{tool}, statement {nth}: {text}");
                text
            }
            other => panic!("{tool}, statement {nth}: {other:?}"),
        };
        assert!(said.contains("reference "), "{said}");
        let said = said.to_lowercase();
        assert!(INSIDE.iter().all(|word| !said.contains(word)), "{said}");
        assert_eq!(fingerprint(pool).await, before, "{tool}, statement {nth} left something");
        wire.call("tasks.next", &json!({})).await.answer();
    }
    unreachable!("a call has an end")
}

#[tokio::test]
async fn a_statement_that_fails_leaves_nothing_behind_and_shows_nothing() {
    for tool in mutations() {
        let statements = fail_one_after_the_other(tool, Fault::Refused).await;
        assert!(statements > 5, "{tool} cannot do with {statements} statements");
    }
}

#[tokio::test]
async fn a_connection_lost_in_the_middle_leaves_nothing_behind_and_is_replaced() {
    for tool in ["tasks.claim_next", "tasks.close", "tasks.plan"] {
        fail_one_after_the_other(tool, Fault::CutOff).await;
    }
}
