//! The server as a whole: builds the surfaces and the background services, and ends them in order.
//!
//! The same [`App::start`] serves the command, the demo and the tests. Nothing outlives
//! [`Running::stop`]: streams end first, then requests, then jobs, then the relay that made their
//! changes known, then the database.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, HttpAddr};
use crate::db::Database;
use crate::db::migrations::{self, MigrationError};
use crate::error::{Error, chain};
use crate::events::{Feed, Listener, Relay, RelayHandle};
use crate::identity::{GitHubClient, SessionKeys};
use crate::{jobs, mcp, web};

/// How long and how much things may take; the tests and the demo have their own.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One request, streams excepted.
    pub request: Duration,
    /// The requests and jobs in flight at the end; a little below the ten seconds that a supervisor gives.
    pub stop: Duration,
    /// What one agent may ask for.
    pub agents: mcp::limits::Limits,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            request: Duration::from_secs(30),
            stop: Duration::from_secs(8),
            agents: mcp::limits::Limits::default(),
        }
    }
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The schema cannot be brought up to date.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// The key that seals sessions cannot be read or made.
    #[error("cannot keep the key that seals sessions in {}: {source}", folder.display())]
    SessionKey {
        /// The data directory.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is configured of GitHub cannot be used.
    #[error(
        "cannot sign people in with GitHub: {}; check GITHUB_URL and GITHUB_API_URL",
        chain(.0)
    )]
    GitHub(Error),
    /// The database does not answer any more.
    #[error("cannot listen for the database's notifications: {}; see that it is running", chain(.0))]
    Events(Error),
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {source}; stop what uses it, or set HTTP_ADDR to another \
         address, such as HTTP_ADDR=:8081"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// What every surface and every background service is built from.
#[derive(Clone, Debug)]
pub struct Services {
    /// The configuration, with the port that is really listened on in its public address.
    pub config: Arc<Config>,
    /// The database, for requests.
    pub pool: PgPool,
    /// To be woken after each commit that wrote events.
    pub relay: RelayHandle,
    /// Where events are heard of.
    pub feed: Feed,
    /// What seals sessions.
    pub session_keys: SessionKeys,
    /// Who signs people in; nobody where one-time links do.
    pub github: Option<GitHubClient>,
    /// Cancelled when the server stops: streams end then, or it would wait for their readers.
    pub streams: CancellationToken,
}

/// What runs beside the requests, in the order in which it ends.
#[derive(Debug, Default)]
struct Background {
    /// The job workers; ended after the requests.
    jobs: Stage,
    /// The relay and the listener behind live updates; ended last, after all that makes events.
    relay: Stage,
}

/// A group of background services that ends together.
#[derive(Clone, Debug, Default)]
struct Stage {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Stage {
    /// Runs a service of this group; it ends itself soon after the token is cancelled.
    fn spawn<F>(&self, service: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(service(self.stop.clone()));
    }

    async fn end(&self, name: &'static str, deadline: Instant) {
        self.stop.cancel();
        self.tasks.close();
        if timeout_at(deadline, self.tasks.wait()).await.is_err() {
            tracing::warn!(name, "did not end in time and is cut off");
        }
    }
}

/// Builds a server; see [`App::start`].
#[derive(Debug)]
pub struct App;

impl App {
    /// Migrates the database, starts the background services, and listens.
    ///
    /// Owns the database from here on, and closes it when the start fails.
    pub async fn start(
        config: Config,
        database: Database,
        limits: Limits,
    ) -> Result<Running, AppError> {
        // On the heap: with the configuration inside it would make every caller's future large.
        match Box::pin(listen(config, &database)).await {
            Ok(listening) => Ok(run(database, limits, listening)),
            Err(error) => {
                database.close().await;
                Err(error)
            }
        }
    }
}

/// A server that answers.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    services: Services,
    background: Background,
    /// Calls of agents whose connection is gone run to their end all the same.
    calls: TaskTracker,
    database: Database,
    limits: Limits,
    server: JoinHandle<()>,
}

impl Running {
    /// What the server is made of.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The address that people reach.
    #[must_use]
    pub fn url(&self) -> String {
        self.services.config.public_url.to_string()
    }

    /// Waits until the embedded database ends by itself, which nothing here can mend.
    pub async fn database_lost(&self) -> String {
        self.database.cluster_exited().await
    }

    /// Stops cleanly, within the limit: no request and no job is cut off that ends by then.
    pub async fn stop(mut self) {
        let deadline = Instant::now() + self.limits.stop;
        // Ends the streams, and the accepting of connections with them.
        self.services.streams.cancel();
        let requests = async {
            if timeout_at(deadline, &mut self.server).await.is_err() {
                tracing::warn!("requests did not end in time and are cut off");
                self.server.abort();
            }
            self.calls.close();
            if timeout_at(deadline, self.calls.wait()).await.is_err() {
                tracing::warn!("agents' calls did not end in time and are cut off");
            }
        };
        tokio::join!(requests, self.background.jobs.end("jobs", deadline));
        // After all that makes events; it ends between two batches.
        self.background.relay.end("relay", Instant::now() + RELAY_LIMIT).await;
        self.database.close().await;
    }
}

/// The relay and the listener only wait for one statement each.
const RELAY_LIMIT: Duration = Duration::from_secs(1);

/// What a start can fail at, once it has succeeded.
struct Listening {
    /// With the port that is really listened on in its public address.
    config: Config,
    session_keys: SessionKeys,
    github: Option<GitHubClient>,
    socket: TcpListener,
    address: SocketAddr,
    events: Listener,
    feed: Feed,
    /// Past a transaction pooler, for what keeps a connection to itself.
    direct: PgPool,
}

/// Everything that can fail: the schema, the socket, GitHub's addresses, the database's
/// notifications.
async fn listen(mut config: Config, database: &Database) -> Result<Listening, AppError> {
    migrations::run(database.direct()).await?;
    let socket = bind(config.http_addr).await?;
    let address =
        socket.local_addr().unwrap_or_else(|_| ([127, 0, 0, 1], config.http_addr.port()).into());
    if config.http_addr.port() == 0 {
        config.public_url = config.public_url.with_port(address.port());
    }
    let session_key = config
        .session_key()
        .map_err(|source| AppError::SessionKey { folder: config.data_dir.clone(), source })?;
    let session_keys = SessionKeys::derive(&session_key);
    let github = config
        .github
        .as_ref()
        .map(|github| GitHubClient::new(github, &config.public_url, session_keys.clone()))
        .transpose()
        .map_err(AppError::GitHub)?;
    let direct = database.direct_pool();
    let (events, feed) =
        Listener::start(direct.clone(), database.pool().clone()).await.map_err(AppError::Events)?;
    Ok(Listening { config, session_keys, github, socket, address, events, feed, direct })
}

async fn bind(http_addr: HttpAddr) -> Result<TcpListener, AppError> {
    let mut refused = None;
    for address in http_addr.candidates() {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(source) => {
                let is_final = matches!(
                    source.kind(),
                    io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
                );
                refused = Some(AppError::Listen { address, source });
                // Anything else may be a host without IPv6, for which there is a next candidate.
                if is_final {
                    break;
                }
            }
        }
    }
    Err(refused.unwrap_or_else(|| AppError::Listen {
        address: SocketAddr::from(([0, 0, 0, 0], http_addr.port())),
        source: io::Error::from(io::ErrorKind::AddrNotAvailable),
    }))
}

fn run(database: Database, limits: Limits, listening: Listening) -> Running {
    let Listening { config, session_keys, github, socket, address, events, feed, direct } =
        listening;
    let pool = database.pool().clone();
    let relay = Relay::new(pool.clone());
    let services = Services {
        config: Arc::new(config),
        pool,
        relay: relay.handle(),
        feed,
        session_keys,
        github,
        streams: CancellationToken::new(),
    };
    let background = Background::default();
    background.relay.spawn(|stop| relay.run(stop));
    background.relay.spawn(|stop| events.run(stop));
    let context = jobs::Context { pool: direct, relay: services.relay.clone() };
    background.jobs.spawn(|stop| jobs::run(context, stop));

    let is_https = services.config.public_url.is_https();
    let agents = agents_surface(&services, &limits);
    let calls = agents.calls();
    // Agents' calls have a limit of their own, and some wait longer than any page may take.
    let router = web::with_time_limit(web::router(people_surface(&services)), limits.request)
        .merge(agents.router);
    let router = web::with_layers(router, is_https);
    // Small answers go out at once; with Nagle's algorithm a stream's frames wait for 40 ms.
    let socket = socket.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let ending = services.streams.clone();
    let server = tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(socket, service).with_graceful_shutdown(ending.cancelled_owned());
        if let Err(error) = serving.await {
            tracing::error!(%error, "the server ended");
        }
    });
    Running { address, services, background, calls, database, limits, server }
}

fn people_surface(services: &Services) -> web::Services {
    web::Services {
        config: Arc::clone(&services.config),
        pool: services.pool.clone(),
        relay: services.relay.clone(),
        feed: services.feed.clone(),
        keys: services.session_keys.clone(),
        github: services.github.clone(),
    }
}

fn agents_surface(services: &Services, limits: &Limits) -> mcp::Surface {
    let config = &services.config;
    let settings = mcp::Settings {
        public_url: config.public_url.clone(),
        tool_names: config.mcp_tool_names,
        trusted_proxies: config.trusted_proxies.clone(),
        limits: limits.agents,
    };
    let with = mcp::Services {
        pool: services.pool.clone(),
        relay: services.relay.clone(),
        feed: services.feed.clone(),
        stopping: services.streams.clone(),
    };
    mcp::Surface::new(settings, with)
}
