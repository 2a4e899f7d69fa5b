//! SIGTERM in the middle of a race: whoever was answered is in the record, and whoever was cut off
//! has done nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use nottario::events;
use tokio::sync::watch;
use tokio::task::{JoinSet, block_in_place};

use super::agent::{Agent, Temper};
use super::crew::muster;
use super::host::{address_of, eventually};
use super::ledger::audit;
use crate::cluster;
use crate::server::Server;
use crate::world::patient_pool;

const AGENTS: usize = 64;

/// Calls before the end: by then all agents are in the thick of it.
const CALLS: u64 = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_cuts_no_request_and_ends_with_status_0() {
    let database = cluster::database().await;
    let pool = patient_pool(&database, 4);
    let crew = muster(&pool, "stop", AGENTS, 40).await;
    crew.plan(&pool, 2, 4).await;
    let url = database.url();
    let mut server = block_in_place(|| Server::start(&[("DATABASE_URL", &url)]));
    let (_address, address) = watch::channel(address_of(&server));
    let begun = Arc::new(AtomicU64::new(0));
    let mut agents = JoinSet::new();
    for (badge, seed) in crew.badges.iter().zip(0..) {
        let agent = Agent::new(badge, address.clone(), Temper::GivesUp, seed);
        let begun = Arc::clone(&begun);
        agents.spawn(agent.work(move || begun.fetch_add(1, Ordering::Relaxed) < u64::MAX));
    }

    eventually("the agents are at work", async || begun.load(Ordering::Relaxed) > CALLS).await;
    let asked = Instant::now();
    let ended = block_in_place(|| server.terminate());
    let took = asked.elapsed();
    let reports = agents.join_all().await;
    events::drain(&pool).await.unwrap();

    println!("stopped under the load of {AGENTS} agents in {took:.1?}");
    assert_eq!(ended.code(), Some(0));
    let log = server.rest_of_log();
    let is_cut = |line: &serde_json::Value| line.to_string().contains("cut off");
    assert!(!log.iter().any(is_cut), "{log:#?}");
    let receipts: Vec<_> = reports.into_iter().flat_map(|report| report.receipts).collect();
    assert!(!receipts.is_empty());
    audit(&pool, &crew.owner, &receipts).await;
}
