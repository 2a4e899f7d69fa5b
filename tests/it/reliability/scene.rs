//! One small project in a known state, and for each mutation a call that changes it.
//!
//! Two scenes are twins: the same call leaves the same traces in both. So "one effect" is told
//! from "two" or "half" without knowing what the effect of a tool is.

use std::net::SocketAddr;

use nottario::config::{IpRange, ToolNames};
use nottario::events::{Listener, Relay};
use nottario::mcp::limits::Limits;
use nottario::mcp::tool::Effect;
use nottario::mcp::{self, Services, Settings, Surface};
use serde_json::{Value, json};
use sqlx::{PgPool, Row as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::crew::{Crew, muster};
use super::ledger::rows;
use super::logbook;
use super::wire::Wire;
use crate::cluster::TestDatabase;
use crate::world::patient_pool;

/// A served surface, and nothing that works by itself: no job, and no relay.
pub(super) struct Stage {
    pub(super) address: SocketAddr,
    /// The calls under way.
    pub(super) calls: TaskTracker,
}

/// Serves all tools on this pool.
pub(super) async fn stage(database: &TestDatabase, pool: PgPool) -> Stage {
    logbook::open();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let others = patient_pool(database, 2);
    let (listener, feed) = Listener::start(others.clone(), others.clone()).await.unwrap();
    tokio::spawn(listener.run(CancellationToken::new()));
    let settings = Settings {
        public_url: format!("http://{address}").parse().unwrap(),
        tool_names: ToolNames::Underscore,
        trusted_proxies: IpRange::loopback_and_private(),
        limits: Limits::lifted(),
    };
    // Nobody runs this relay: the events stay where the calls put them.
    let relay = Relay::new(others).handle();
    let services = Services { pool, relay, feed, stopping: CancellationToken::new() };
    let surface = Surface::new(settings, services);
    let calls = surface.calls();
    let app = surface.router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(tcp, app).await.unwrap() });
    Stage { address, calls }
}

/// The names of all tools that change something.
pub(super) fn mutations() -> Vec<&'static str> {
    mcp::tools()
        .iter()
        .filter(|tool| matches!(tool.effect(), Effect::Write { .. }))
        .map(mcp::registry::Entry::name)
        .collect()
}

/// Tasks 1 to 3 stand alone, and the agent holds 1; 4 is a feature with 5 and 6, of which 6 waits
/// for 5.
pub(super) struct Scene {
    crew: Crew,
    claim: Value,
    address: SocketAddr,
}

impl Scene {
    pub(super) async fn new(pool: &PgPool, stage: &Stage, slug: &str) -> Scene {
        let crew = muster(pool, slug, 1, 3).await;
        crew.plan(pool, 1, 2).await;
        let badge = &crew.badges[0];
        let mut wire = Wire::new(stage.address, &badge.secret);
        let task = format!("{}-1", badge.project_key);
        let claimed = wire.call("tasks.claim", &json!({ "task_id": task })).await.answer();
        let claim = claimed["claim"]["claim_id"].clone();
        Scene { crew, claim, address: stage.address }
    }

    /// A connection of the agent's own.
    pub(super) fn wire(&self) -> Wire {
        Wire::new(self.address, &self.crew.badges[0].secret)
    }

    /// The agent's token.
    pub(super) fn token(&self) -> uuid::Uuid {
        self.crew.badges[0].token
    }

    /// Arguments with which a mutation does as much as it can.
    pub(super) fn arguments(&self, tool: &str) -> Value {
        let task = |number: u32| format!("{}-{number}", self.crew.badges[0].project_key);
        let commit = json!({ "repo": "acme/atlas", "sha": "a".repeat(40), "message": "does it" });
        let held = json!({ "task_id": task(1), "claim_id": self.claim });
        match tool {
            "tasks.claim_next" => json!({ "type": "task" }),
            "tasks.claim" => json!({ "task_id": task(2) }),
            "tasks.heartbeat" => with(held, "note", json!("half way")),
            "tasks.release" => with(held, "reason", json!("somebody else knows it better")),
            "tasks.close" => json!({
                "task_id": task(5), "comment": "what was done", "commits": [commit],
            }),
            "tasks.create" => json!({
                "title": "new", "description": "text", "parent_task_id": task(4),
                "depends_on": [task(2), task(3)],
            }),
            "tasks.plan" => json!({
                "feature": { "title": "planned", "parent_task_id": task(4) },
                "tasks": [
                    { "ref": "a", "title": "first", "depends_on": [task(2)] },
                    { "ref": "b", "title": "second", "depends_on": ["a"] },
                ],
            }),
            "tasks.update" => json!({
                "task_id": task(2), "title": "renamed", "description": "anew",
                "priority_key": "high", "target_role_id": "backend", "parent_task_id": task(4),
            }),
            "tasks.set_state" => with(held, "state", json!("done")),
            "tasks.add_comment" => json!({ "task_id": task(1), "body": "a word" }),
            "tasks.link_commit" => {
                json!({ "task_id": task(1), "repo": "acme/atlas", "sha": "b".repeat(40) })
            }
            "tasks.add_dependency" => json!({ "task_id": task(3), "depends_on_id": task(2) }),
            "tasks.remove_dependency" => json!({ "task_id": task(6), "depends_on_id": task(5) }),
            "cycles.end" => json!({ "next_name": "second" }),
            _ => panic!("{tool} has no arguments here yet; write some with which it does much"),
        }
    }

    /// Everything that calls have left in this project, apart from ids and times.
    pub(super) async fn traces(&self, pool: &PgPool) -> Vec<String> {
        let project = self.crew.project;
        let sql = format!(
            "select trace from (
                 select 1 as part, o.id as nth, 'event ' || o.kind as trace
                 from event_outbox o where o.project_id = '{project}'
                 union all
                 select 2, t.number,
                        format('task %s: %s %s %s, priority %s, version %s, prerequisites %s, \
                                children %s, %s, commits %s, comments %s, waits for %s',
                               t.number, t.type, t.title, t.state, t.priority, t.version,
                               t.open_prerequisites, t.open_children, x.description,
                               (select count(*) from task_commits c where c.task_id = t.id),
                               (select count(*) from task_comments c where c.task_id = t.id),
                               (select count(*) from task_dependencies d where d.task_id = t.id))
                 from tasks t join task_texts x on x.task_id = t.id
                 where t.project_id = '{project}'
                 union all
                 select 3, c.position, format('cycle %s %s', c.name, c.closed_at is null)
                 from cycles c where c.project_id = '{project}'
                 union all
                 select 4, 0, 'key for ' || k.tool
                 from idempotency_keys k where k.project_id = '{project}'
             ) traces order by part, nth, trace"
        );
        rows(pool, &sql).await.iter().map(|row| row.get(0)).collect()
    }
}

/// The arguments with one more.
pub(super) fn with(mut arguments: Value, name: &str, value: Value) -> Value {
    arguments[name] = value;
    arguments
}
