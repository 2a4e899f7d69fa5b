//! `kill -9` of the server and of its database: what was acknowledged is there, once.
//!
//! The agents insist: a call that was cut off is sent again with its key until it is answered. So
//! in the end every call has one effect, and the receipts have to match the record exactly.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use nottario::db::embedded::attach;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::{JoinSet, block_in_place};

use super::agent::{Agent, Report, Temper};
use super::crew::{Crew, muster};
use super::host::{address_of, eventually, until_numbered};
use super::ledger::audit;
use crate::server::Server;
use crate::{cluster, embedded};

const AGENTS: usize = 16;

/// Calls between two blows.
const CALLS: u64 = 150;

/// Agents at work on one embedded database, whichever server runs it.
struct Siege {
    crew: Crew,
    server: watch::Sender<SocketAddr>,
    begun: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    agents: JoinSet<Report>,
}

impl Siege {
    async fn lay(data_dir: &Path, server: &Server) -> Siege {
        let pool = pool_of(data_dir).await;
        let crew = muster(&pool, "siege", AGENTS, 12).await;
        crew.plan(&pool, 2, 3).await;
        pool.close().await;
        let (server, address) = watch::channel(address_of(server));
        let (begun, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let mut agents = JoinSet::new();
        for (badge, seed) in crew.badges.iter().zip(0..) {
            let agent = Agent::new(badge, address.clone(), Temper::Insists, seed);
            let (begun, is_over) = (Arc::clone(&begun), Arc::clone(&is_over));
            agents.spawn(agent.work(move || {
                begun.fetch_add(1, Ordering::Relaxed);
                !is_over.load(Ordering::Relaxed)
            }));
        }
        Siege { crew, server, begun, is_over, agents }
    }

    /// Lets the agents get so many calls further.
    async fn go_on(&self) {
        let until = self.begun.load(Ordering::Relaxed) + CALLS;
        eventually("the agents get on", async || self.begun.load(Ordering::Relaxed) > until).await;
    }

    /// Sends the agents to the next server.
    fn turn_to(&self, server: &Server) {
        self.server.send_replace(address_of(server));
    }

    /// Lets everybody finish the call at hand, and holds the accounts against each other.
    async fn raise(self, data_dir: &Path) {
        self.is_over.store(true, Ordering::Relaxed);
        let reports = self.agents.join_all().await;
        let pool = pool_of(data_dir).await;
        until_numbered(&pool).await;
        let receipts: Vec<_> = reports.into_iter().flat_map(|report| report.receipts).collect();
        assert!(!receipts.is_empty());
        audit(&pool, &self.crew.owner, &receipts).await;
    }
}

async fn pool_of(data_dir: &Path) -> PgPool {
    let (options, _pass) = attach(data_dir).await.unwrap().expect("a server runs it");
    PgPool::connect_with(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed_again_and_again() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    embedded::prepare(&data_dir).await;
    let mut server = block_in_place(|| Server::embedded(&data_dir));
    let siege = Siege::lay(&data_dir, &server).await;

    for _ in 0..3 {
        siege.go_on().await;
        server.kill();
        server = block_in_place(|| Server::embedded(&data_dir));
        siege.turn_to(&server);
    }
    siege.go_on().await;

    siege.raise(&data_dir).await;
    assert_eq!(block_in_place(|| server.terminate()).code(), Some(0));
    // Each server's end took its database along, cleanly, before the next one began.
    let log = std::fs::read_to_string(data_dir.join("postgres.log")).unwrap();
    assert!(!log.contains("not properly shut down"), "{log}");
    assert!(!log.contains("already exists"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_database_is_killed() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    embedded::prepare(&data_dir).await;
    let mut server = block_in_place(|| Server::embedded(&data_dir));
    let siege = Siege::lay(&data_dir, &server).await;

    siege.go_on().await;
    kill_postmaster(&data_dir);
    let ended = block_in_place(|| server.wait());

    assert_eq!(ended.code(), Some(1));
    let log = server.rest_of_log();
    let last_words = log.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>();
    assert_eq!(last_words.len(), 1, "{last_words:?}");
    assert!(last_words[0].contains("postgres.log"), "{last_words:?}");

    let mut next = block_in_place(|| Server::embedded(&data_dir));
    siege.turn_to(&next);
    siege.go_on().await;
    siege.raise(&data_dir).await;
    assert_eq!(block_in_place(|| next.terminate()).code(), Some(0));
}

fn kill_postmaster(data_dir: &Path) {
    let text = std::fs::read_to_string(data_dir.join("cluster/postmaster.pid")).unwrap();
    let pid = text.lines().next().unwrap().trim().parse().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
}
