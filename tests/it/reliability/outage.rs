//! The database goes away and comes back: the process stays, says so, and works again.

use chrono::DateTime;
use nottario::db::Database;
use nottario::db::embedded::{Cluster, ClusterOptions};
use nottario::events::News;
use nottario::jobs::{self, Sweep};
use serde_json::json;
use tokio::time::timeout;

use super::crew::muster;
use super::host::{eventually, host_on};
use super::ledger::number;
use super::wire::{Reply, Wire, get};
use crate::cluster;
use crate::world::PATIENCE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_comes_back_is_worked_with_again() {
    let folder = cluster::scratch_folder();
    let options = ClusterOptions {
        data_dir: folder.path().join("data"),
        guard_program: env!("CARGO_BIN_EXE_nottario").into(),
        bin_dir: None,
        max_connections: 60,
        durable: false,
    };
    let database = Cluster::start(options.clone()).await.unwrap();
    let running = host_on(Database::connect(database.connect_options())).await;
    let address = running.address;
    let pool = running.services().pool.clone();
    let crew = muster(&pool, "outage", 1, 3).await;
    let mut agent = Wire::new(address, &crew.badges[0].secret);
    agent.call("tasks.claim_next", &json!({})).await.answer();
    assert_eq!(get(address, "/readyz").await.0, 200);

    database.stop().await;
    let (alive, _) = get(address, "/healthz").await;
    let (ready, _) = get(address, "/readyz").await;
    let turned_away = agent.call("tasks.claim_next", &json!({})).await;
    assert_eq!((alive, ready), (200, 503));
    let Reply::TurnedAway(status, body) = turned_away else { panic!("{turned_away:?}") };
    assert_eq!(status, 503);
    assert!(body.contains("try again") && !body.to_lowercase().contains("sql"), "{body}");

    let database = Cluster::start(options).await.unwrap();
    eventually("the server is ready again", async || get(address, "/readyz").await.0 == 200).await;
    let mut news = running.services().feed.subscribe();
    let claimed = agent.call("tasks.claim_next", &json!({})).await.answer();

    // The relay numbers what happens now, and the listener hears of it.
    let claimed = claimed["task"]["id"].as_str().unwrap().to_owned();
    timeout(PATIENCE, async {
        loop {
            match news.next().await.expect("the feed goes on") {
                News::Event(event) if event.subject.to_string() == claimed => return,
                News::Event(_) => {}
                News::Gap => panic!("a reader who keeps up misses nothing"),
            }
        }
    })
    .await
    .expect("the claim is heard of");
    // And the workers take up new jobs.
    assert!(jobs::tick::<Sweep>(&pool, DateTime::from_timestamp(0, 0).unwrap()).await.unwrap());
    eventually("a new job is done", async || {
        let open = "select count(*) from apalis.jobs where status <> 'Done'";
        number(&pool, open).await == 0
    })
    .await;
    running.stop().await;
    database.stop().await;
}
