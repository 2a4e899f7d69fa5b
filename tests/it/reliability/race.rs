//! 64 agents race for one project's tasks: nobody ever shares one, and nothing is lost.
//!
//! `NOTTARIO_RACE_OPERATIONS` sets how many calls they make in all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::agent::{Agent, Temper};
use super::crew::muster;
use super::host::{host, until_numbered};
use super::ledger::audit;
use crate::cluster;

const AGENTS: usize = 64;

/// So many that every kind of collision happens, and the tests still end soon.
const OPERATIONS: u64 = 12_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_who_race_never_share_a_task_and_lose_nothing() {
    let operations = std::env::var("NOTTARIO_RACE_OPERATIONS")
        .map_or(OPERATIONS, |number| number.parse().expect("a number of calls"));
    let database = cluster::database().await;
    let crew = muster(&database.pool, "race", AGENTS, 40).await;
    crew.plan(&database.pool, 4, 4).await;
    let running = host(&database).await;
    let (_, server) = watch::channel(running.address);
    let begun = Arc::new(AtomicU64::new(0));

    let start = Instant::now();
    let mut agents = JoinSet::new();
    for (badge, seed) in crew.badges.iter().zip(0..) {
        let agent = Agent::new(badge, server.clone(), Temper::GivesUp, seed);
        let begun = Arc::clone(&begun);
        agents.spawn(agent.work(move || begun.fetch_add(1, Ordering::Relaxed) < operations));
    }
    let reports = agents.join_all().await;
    let took = start.elapsed();
    until_numbered(&database.pool).await;

    let calls: u64 = reports.iter().map(|report| report.calls).sum();
    assert!(calls + 1_000 >= operations, "only {calls} of {operations} calls were answered");
    let receipts: Vec<_> = reports.into_iter().flat_map(|report| report.receipts).collect();
    audit(&database.pool, &crew.owner, &receipts).await;
    println!("{calls} calls of {AGENTS} agents in {took:.1?}, {} receipts", receipts.len());
    running.stop().await;
}
