//! The database: one pool for requests, one direct address for what must not go through a pooler,
//! and the embedded cluster behind both when no database is configured.
//!
//! Whoever holds a [`Database`] holds one that answered and is recent enough. Its schema is the
//! business of [`migrations`].

pub mod embedded;
pub mod migrations;

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use tokio::time::{Instant, sleep, timeout};

use crate::config::Config;
use embedded::{Cluster, ClusterError, ClusterOptions, GuestPass};

/// The oldest major version of PostgreSQL that the schema works on.
pub const OLDEST_MAJOR: u32 = 15;

/// Enough to keep a small server's cores busy, and a fraction of what PostgreSQL takes by default,
/// so that several processes fit.
const POOL_SIZE: u32 = 20;

/// A connection that was used so recently is taken to be alive: asking it first costs a round trip,
/// which is as much as a small statement.
const TRUSTED_FOR: Duration = Duration::from_millis(250);

/// The listener, a few job workers, and what their jobs do.
const DIRECT_POOL_SIZE: u32 = 10;

/// A request that cannot get a connection this fast is better refused than queued.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(2);

/// How long the first connection may take; name look-ups and TLS included.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How long a command waits for a cluster that another process is starting or stopping.
const ATTACH_LIMIT: Duration = Duration::from_secs(30);

/// How long connections in use are waited for at the end.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// What may happen when no database is configured and another process runs the embedded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// The server: the data directory must be ours alone.
    Own,
    /// A command: uses the cluster that a server runs, or runs it for the command's duration.
    Attach,
}

/// Why the database cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The embedded cluster does not run.
    #[error(transparent)]
    Embedded(#[from] ClusterError),
    /// The address is not one.
    #[error("{setting} is not a database address; write it as postgres://USER:PASSWORD@HOST/NAME")]
    Address {
        /// The variable that holds it.
        setting: &'static str,
    },
    /// Nobody answers there, or refuses us.
    #[error("cannot connect to {place}: {reason}; check {setting}, and that PostgreSQL runs there")]
    Unreachable {
        /// The variable that holds the address.
        setting: &'static str,
        /// User, host and database, without the password.
        place: String,
        /// What the network or the server said.
        reason: String,
    },
    /// The server is older than the schema needs.
    #[error(
        "the database server is PostgreSQL {found}, and {OLDEST_MAJOR} or newer is needed; \
         upgrade it, or set DATABASE_URL to a newer one"
    )]
    TooOld {
        /// The server's major version.
        found: u32,
    },
    /// A statement failed.
    #[error("the database refused: {0}")]
    Sql(#[from] sqlx::Error),
}

/// An open database.
#[derive(Debug)]
pub struct Database {
    pool: PgPool,
    direct: PgConnectOptions,
    cluster: Option<Cluster>,
    /// Our cluster lets other commands finish that use it.
    has_guests: bool,
    /// We use another process's cluster, and it lets us finish.
    guest_pass: Option<GuestPass>,
}

impl Database {
    /// Opens the configured database, or the embedded one.
    pub async fn open(config: &Config, mode: OpenMode) -> Result<Database, DatabaseError> {
        let Some(address) = &config.database_url else {
            return open_embedded(config, mode).await;
        };
        let pooled = parse("DATABASE_URL", address.expose())?;
        let (direct, setting) = match &config.database_url_direct {
            Some(direct) => (parse("DATABASE_URL_DIRECT", direct.expose())?, "DATABASE_URL_DIRECT"),
            None => (pooled.clone(), "DATABASE_URL"),
        };
        check_server(&direct, setting).await?;
        // A transaction pooler refuses connections that ask for settings: there, the time limits
        // belong to the role (`alter role … set statement_timeout = '5s'`). `doctor` looks.
        let pooled =
            if config.database_url_direct.is_some() { pooled } else { with_settings(pooled) };
        Ok(Database::new(pool(pooled), direct))
    }

    /// Opens a database by its connect options: for tests, and for tools that already have one.
    #[must_use]
    pub fn connect(options: PgConnectOptions) -> Database {
        Database::new(pool(with_settings(options.clone())), options)
    }

    /// A database behind a pool of the caller's own: for tests, which rather wait for a connection
    /// than be refused one.
    #[must_use]
    pub fn with_pool(pool: PgPool) -> Database {
        let direct = (*pool.connect_options()).clone();
        Database::new(pool, direct)
    }

    fn new(pool: PgPool, direct: PgConnectOptions) -> Database {
        Database { pool, direct, cluster: None, has_guests: false, guest_pass: None }
    }

    /// Opens the database of a cluster that the caller has started, and owns it from now on.
    #[must_use]
    pub fn of_cluster(cluster: Cluster) -> Database {
        let database = Database::connect(cluster.connect_options());
        Database { cluster: Some(cluster), ..database }
    }

    /// The pool that requests share. Every connection of it has the house's time limits.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The way past a transaction pooler, for the listener, the job workers and migrations.
    ///
    /// Without time limits: a listener waits for hours, and a migration may take minutes.
    #[must_use]
    pub fn direct(&self) -> &PgConnectOptions {
        &self.direct
    }

    /// A small pool past a transaction pooler, for what keeps a connection to itself: the event
    /// listener, and each job worker.
    #[must_use]
    pub fn direct_pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(DIRECT_POOL_SIZE)
            .connect_lazy_with(self.direct.clone())
    }

    /// The embedded cluster, when this process runs it.
    #[must_use]
    pub fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_ref()
    }

    /// Waits until the embedded cluster ends by itself; for ever when there is none.
    pub async fn cluster_exited(&self) -> String {
        match &self.cluster {
            Some(cluster) => cluster.exited().await,
            None => std::future::pending().await,
        }
    }

    /// Closes the pool, and stops the embedded cluster when this process runs it.
    pub async fn close(self) {
        // A request that was cut off may still hold a connection; the server ends it with its own.
        if timeout(CLOSE_LIMIT, self.pool.close()).await.is_err() {
            tracing::warn!("some connections are still in use and are cut off");
        }
        match self.cluster {
            Some(cluster) if self.has_guests => cluster.stop_after_guests().await,
            Some(cluster) => cluster.stop().await,
            None => drop(self.guest_pass),
        }
    }
}

async fn open_embedded(config: &Config, mode: OpenMode) -> Result<Database, DatabaseError> {
    let options = ClusterOptions::new(&config.data_dir, config.postgres_bin_dir.as_deref())?;
    let patience = Instant::now() + ATTACH_LIMIT;
    loop {
        let in_use = match Cluster::start(options.clone()).await {
            Ok(cluster) => {
                let has_guests = mode == OpenMode::Attach;
                return Ok(Database { has_guests, ..Database::of_cluster(cluster) });
            }
            Err(error @ ClusterError::InUse(_)) if mode == OpenMode::Attach => error,
            Err(error) => return Err(error.into()),
        };
        if let Some((options, pass)) = embedded::attach(&config.data_dir).await? {
            return Ok(Database { guest_pass: Some(pass), ..Database::connect(options) });
        }
        // The other process is starting or stopping; soon the cluster is its, or ours.
        if Instant::now() > patience {
            return Err(in_use.into());
        }
        sleep(Duration::from_millis(50)).await;
    }
}

fn parse(setting: &'static str, address: &str) -> Result<PgConnectOptions, DatabaseError> {
    let options: PgConnectOptions =
        address.parse().map_err(|_| DatabaseError::Address { setting })?;
    Ok(options.application_name("nottario"))
}

/// Connects once, for an error that names the place, and refuses a server that is too old.
async fn check_server(
    options: &PgConnectOptions,
    setting: &'static str,
) -> Result<(), DatabaseError> {
    let unreachable =
        |reason: String| DatabaseError::Unreachable { setting, place: place(options), reason };
    let connection = match timeout(CONNECT_LIMIT, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(sqlx::Error::Database(refusal))) => {
            return Err(unreachable(refusal.message().to_owned()));
        }
        Ok(Err(error)) => return Err(unreachable(error.to_string())),
        Err(_) => return Err(unreachable("no answer within 10 seconds".to_owned())),
    };
    let major = connection.server_version_num().unwrap_or_default() / 10_000;
    connection.close().await?;
    if major < OLDEST_MAJOR {
        return Err(DatabaseError::TooOld { found: major });
    }
    Ok(())
}

fn place(options: &PgConnectOptions) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => options.get_host().to_owned(),
    };
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    let (user, port) = (options.get_username(), options.get_port());
    format!("database \"{database}\" at {host}:{port} as \"{user}\"")
}

fn with_settings(options: PgConnectOptions) -> PgConnectOptions {
    options.options([
        // Every statement is short: compiling one takes longer than running it.
        ("jit", "off"),
        ("statement_timeout", "5s"),
        ("lock_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "30s"),
    ])
}

fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(POOL_SIZE)
        .acquire_timeout(ACQUIRE_LIMIT)
        .test_before_acquire(false)
        .before_acquire(|connection, usage| {
            Box::pin(async move {
                if usage.idle_for >= TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options)
}
