//! The agents' surface: MCP over Streamable HTTP.
//!
//! A tool ([`tool`]) is typed arguments and one function; what all tools share happens once, around
//! them: the door ([`auth`]), reading arguments ([`arguments`]), the transaction and the repeat of
//! a call ([`dispatch`], [`idempotency`]), the shape of answers ([`answer`]) and refusals
//! ([`error`]). This surface adapts; every rule is in a domain.

pub mod answer;
pub mod arguments;
pub mod auth;
pub mod bounded;
mod cycles;
mod dispatch;
pub mod error;
mod events;
pub mod idempotency;
mod identity;
pub mod limits;
pub mod names;
mod page;
mod projects;
pub mod registry;
pub mod schema;
mod server;
mod tasks;
pub mod tool;
mod transport;

use axum::Router;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{IpRange, PublicUrl, ToolNames};
use crate::events::{Feed, RelayHandle};
use auth::Door;
use dispatch::Dispatcher;
use limits::Limits;
use registry::{Entry, Registry};
use server::Server;

/// How the surface is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The base address that clients reach; host and origin are checked against it.
    pub public_url: PublicUrl,
    /// How tools are listed.
    pub tool_names: ToolNames,
    /// Whose forwarded addresses are believed.
    pub trusted_proxies: Vec<IpRange>,
    /// How much one caller may ask for.
    pub limits: Limits,
}

/// What the surface works with.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub pool: PgPool,
    /// Passes committed events on.
    pub relay: RelayHandle,
    /// Where waiting calls hear of events.
    pub feed: Feed,
    /// Cancelled when the server stops.
    pub stopping: CancellationToken,
}

/// The surface, ready to be served.
pub struct Surface {
    /// Serves `/mcp`; needs the peer's address as axum's `ConnectInfo<SocketAddr>`.
    pub router: Router,
    calls: TaskTracker,
}

impl Surface {
    /// The surface with all its tools.
    #[must_use]
    pub fn new(settings: Settings, services: Services) -> Self {
        Self::with_tools(settings, services, tools())
    }

    /// The surface with the tools given.
    #[must_use]
    pub fn with_tools(settings: Settings, services: Services, tools: Vec<Entry>) -> Self {
        let Settings { public_url, tool_names, trusted_proxies, limits } = settings;
        let Services { pool, relay, feed, stopping } = services;
        let calls = TaskTracker::new();
        let door = Door::new(pool.clone(), trusted_proxies, &limits);
        let dispatcher = Dispatcher { pool, relay, feed, calls: calls.clone(), stopping };
        let server = Server::new(Registry::new(tools, tool_names), dispatcher);
        let router = transport::router(server, door, &public_url, limits.body_bytes);
        Self { router, calls }
    }

    /// What waits for the calls under way, those included whose callers are gone.
    #[must_use]
    pub fn calls(&self) -> TaskTracker {
        self.calls.clone()
    }
}

/// All tools, in the order in which they are listed.
#[must_use]
pub fn tools() -> Vec<Entry> {
    vec![
        Entry::of::<identity::Whoami>(),
        Entry::of::<projects::List>(),
        Entry::of::<projects::Get>(),
        Entry::of::<projects::ListRoles>(),
        Entry::of::<projects::ListPriorities>(),
        Entry::of::<projects::ListMembers>(),
        Entry::of::<tasks::ClaimNext>(),
        Entry::of::<tasks::Claim>(),
        Entry::of::<tasks::Next>(),
        Entry::of::<tasks::Heartbeat>(),
        Entry::of::<tasks::Release>(),
        Entry::of::<tasks::Close>(),
        Entry::of::<tasks::List>(),
        Entry::of::<tasks::Get>(),
        Entry::of::<tasks::Create>(),
        Entry::of::<tasks::Plan>(),
        Entry::of::<tasks::Update>(),
        Entry::of::<tasks::SetState>(),
        Entry::of::<tasks::AddComment>(),
        Entry::of::<tasks::LinkCommit>(),
        Entry::of::<tasks::AddDependency>(),
        Entry::of::<tasks::RemoveDependency>(),
        Entry::of::<tasks::Inconsistencies>(),
        Entry::of::<cycles::List>(),
        Entry::of::<cycles::Current>(),
        Entry::of::<cycles::Get>(),
        Entry::of::<cycles::End>(),
        Entry::of::<events::Since>(),
        Entry::waiting::<events::Wait>(),
    ]
}
