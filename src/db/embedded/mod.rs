//! A private PostgreSQL in the data directory, for instances without a configured database.
//!
//! One process owns a data directory at a time: it holds the lock file for as long as the cluster
//! runs. Nothing listens on the network; the socket is in a folder that only its owner enters.
//! The cluster never outlives its owner, however that ends: a clean stop, a drop, or `kill -9`.

mod binaries;
pub mod guard;
mod initialise;
mod layout;
mod orphan;
mod owner;
mod process;

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{Connection as _, Error as SqlxError};
use tokio::time::{Instant, sleep, timeout};

use binaries::Binaries;
use layout::{DirectoryLock, Layout};
use owner::Owner;
use process::Process;

/// The database, and the role that owns it, inside the cluster.
const NAME: &str = "nottario";

/// Replaying the log after a power cut takes a while on a slow disk; nothing else does.
const START_LIMIT: Duration = Duration::from_mins(2);

/// A fast shutdown writes one checkpoint. After this the server is stopped the hard way, which
/// loses nothing either, but makes the next start replay the log.
const STOP_LIMIT: Duration = Duration::from_mins(1);

/// How long a command that is done lets others finish that attached to its cluster.
const GUEST_LIMIT: Duration = Duration::from_secs(10);

/// How a cluster is run.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The folder of the cluster, its password, its log and its socket.
    pub data_dir: PathBuf,
    /// The `nottario` program, which starts the server as its guard: see [`guard`].
    pub guard_program: PathBuf,
    /// Where the server binaries are; `None` looks in the usual places.
    pub bin_dir: Option<PathBuf>,
    /// How many connections the server takes.
    pub max_connections: u32,
    /// False only in tests: the server then does not wait for the disk, and a power cut may
    /// destroy the data.
    pub durable: bool,
}

impl ClusterOptions {
    /// What a server runs with: durable, and guarded by the running program itself.
    pub fn new(data_dir: &Path, bin_dir: Option<&Path>) -> Result<ClusterOptions, ClusterError> {
        let guard_program = std::env::current_exe()
            .map_err(|error| ClusterError::io("find the running program", data_dir, error))?;
        Ok(ClusterOptions {
            data_dir: data_dir.to_owned(),
            guard_program,
            bin_dir: bin_dir.map(Path::to_owned),
            max_connections: 100,
            durable: true,
        })
    }
}

/// Why the embedded database cannot run, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Another process holds the data directory.
    #[error(
        "the data directory {} is in use by another nottario; stop that one, or set \
         NOTTARIO_DATA_DIR to another folder", .0.display()
    )]
    InUse(PathBuf),
    /// No fitting server binaries.
    #[error("{0}")]
    NoBinaries(String),
    /// The user that the database runs as cannot reach the folder.
    #[error("{0}")]
    Unreachable(String),
    /// A step with a file or process failed.
    #[error("cannot {what} ({}): {source}", path.display())]
    Io {
        /// The step, as a verb.
        what: &'static str,
        /// The file or program it was about.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// PostgreSQL itself refused.
    #[error("the embedded database {what}: {details}")]
    Refused {
        /// What did not happen.
        what: &'static str,
        /// The end of what PostgreSQL said.
        details: String,
    },
    /// The running cluster did not let us in.
    #[error("cannot connect to the embedded database: {0}")]
    Connect(#[from] SqlxError),
}

impl ClusterError {
    fn io(what: &'static str, path: &Path, source: std::io::Error) -> ClusterError {
        ClusterError::Io { what, path: path.to_owned(), source }
    }
}

/// A running cluster; dropping it stops it.
#[derive(Debug)]
pub struct Cluster {
    // Dropped in this order: the server is gone before the directory is free for the next one.
    process: Process,
    _lock: DirectoryLock,
    layout: Layout,
    password: String,
    binaries: Binaries,
}

impl Cluster {
    /// Starts the cluster of a data directory, and makes it first where there is none.
    pub async fn start(options: ClusterOptions) -> Result<Cluster, ClusterError> {
        let log = options.data_dir.clone();
        let started = tokio::task::spawn_blocking(move || launch(&options)).await;
        let cluster = started.map_err(|error| {
            ClusterError::io("start the database", &log, std::io::Error::other(error))
        })??;
        cluster.wait_until_ready().await?;
        Ok(cluster)
    }

    /// How to connect, as the owner of the database.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        connect_options(&self.layout, &self.password)
    }

    /// The server binaries in use, and their major version.
    #[must_use]
    pub fn binaries(&self) -> (&Path, u32) {
        (&self.binaries.dir, self.binaries.major)
    }

    /// Waits until the server has ended by itself, and says how.
    pub async fn exited(&self) -> String {
        self.process.exited().await
    }

    /// Stops the server once the commands that attached to it are done, or after a while all the
    /// same. For a command that ran the cluster for itself.
    pub async fn stop_after_guests(self) {
        let patience = Instant::now() + GUEST_LIMIT;
        let _kept_out = loop {
            match self.layout.shut_out_guests() {
                Ok(None) if Instant::now() < patience => sleep(Duration::from_millis(25)).await,
                kept_out => break kept_out,
            }
        };
        self.stop().await;
    }

    /// Stops the server cleanly, without waiting for its clients, and waits until it is gone.
    pub async fn stop(self) {
        self.process.interrupt();
        if timeout(STOP_LIMIT, self.process.exited()).await.is_err() {
            tracing::warn!("the embedded database did not stop in time and is ended at once");
            self.process.quit();
            self.process.exited().await;
        }
    }

    async fn wait_until_ready(&self) -> Result<(), ClusterError> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let refusal = match connect_briefly(&self.connect_options()).await {
                Ok(()) => return Ok(()),
                Err(error) if is_missing_database(&error) => {
                    return self.create_database().await;
                }
                Err(error) => error,
            };
            if !is_still_starting(&refusal) {
                return Err(refusal.into());
            }
            // Only a wait for the next look; the server's own end cuts it short.
            tokio::select! {
                ended = self.process.exited() => {
                    let log = self.layout.log_tail();
                    let details = if log.is_empty() { ended } else { log };
                    return Err(ClusterError::Refused { what: "did not start", details });
                }
                () = sleep(Duration::from_millis(25)) => {}
            }
            if Instant::now() > deadline {
                let details = self.layout.log_tail();
                return Err(ClusterError::Refused { what: "did not get ready", details });
            }
        }
    }

    /// The first start ends here; a later one that was cut off before comes here as well.
    async fn create_database(&self) -> Result<(), ClusterError> {
        let options = self.connect_options().database("postgres");
        let mut connection = PgConnection::connect_with(&options).await?;
        sqlx::query_file!("sql/db/create_embedded_database.sql").execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }
}

/// The right to use a cluster that another process runs; that one waits for its end.
#[derive(Debug)]
pub struct GuestPass {
    _lock: DirectoryLock,
}

/// How to connect to the cluster of a data directory that another process runs.
///
/// `None` while that process is starting or stopping its cluster: look again soon.
pub async fn attach(
    data_dir: &Path,
) -> Result<Option<(PgConnectOptions, GuestPass)>, ClusterError> {
    let layout = Layout::new(data_dir, Owner::of_the_database().as_ref());
    let Some(lock) = layout.enter_as_guest()? else { return Ok(None) };
    let password = match layout.read_password() {
        Ok(password) => password,
        // Its first start is not that far yet.
        Err(ClusterError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let options = connect_options(&layout, &password);
    match connect_briefly(&options).await {
        Ok(()) => Ok(Some((options, GuestPass { _lock: lock }))),
        Err(error) if is_still_starting(&error) || is_missing_database(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Which server binaries a data directory would be run with; for `nottario doctor`.
pub fn find_binaries(
    data_dir: &Path,
    bin_dir: Option<&Path>,
) -> Result<(PathBuf, u32), ClusterError> {
    let layout = Layout::new(data_dir, None);
    let found = Binaries::find(bin_dir, layout.major()?)?;
    Ok((found.dir, found.major))
}

/// True when the user that the database would run as can reach this folder.
#[must_use]
pub fn can_live_in(data_dir: &Path) -> bool {
    Owner::of_the_database().is_none_or(|owner| owner.first_closed_folder(data_dir).is_none())
}

/// The part that blocks: files, and child processes.
fn launch(options: &ClusterOptions) -> Result<Cluster, ClusterError> {
    let owner = Owner::of_the_database();
    if let Some(owner) = &owner
        && let Some(closed) = owner.first_closed_folder(&options.data_dir)
    {
        return Err(ClusterError::Unreachable(format!(
            "the embedded database runs as user {}, who cannot enter {}; set NOTTARIO_DATA_DIR to \
             a folder such as /var/lib/nottario",
            owner.name,
            closed.display()
        )));
    }
    let layout = Layout::new(&options.data_dir, owner.as_ref());
    layout.create_data_dir()?;
    let lock = layout.lock()?;
    orphan::stop(&layout.cluster)?;

    let binaries = Binaries::find(options.bin_dir.as_deref(), layout.major()?)?;
    if layout.major()?.is_none() {
        initialise::initialise(&layout, owner.as_ref(), &binaries, options.durable)?;
    }
    let password = layout.read_password()?;
    layout.create_socket_dir(owner.as_ref())?;
    let log = layout.open_log()?;
    let process =
        Process::start(process::command(options, &layout, owner.as_ref(), &binaries, log))?;
    Ok(Cluster { process, _lock: lock, layout, password, binaries })
}

fn connect_options(layout: &Layout, password: &str) -> PgConnectOptions {
    // Not the plain `new`, which would read the operator's own ~/.pgpass.
    PgConnectOptions::new_without_pgpass()
        .socket(&layout.socket_dir)
        .port(layout::PORT)
        .username(NAME)
        .password(password)
        .database(NAME)
        .ssl_mode(PgSslMode::Disable)
        .application_name("nottario")
}

async fn connect_briefly(options: &PgConnectOptions) -> Result<(), SqlxError> {
    PgConnection::connect_with(options).await?.close().await
}

fn is_missing_database(error: &SqlxError) -> bool {
    has_code(error, "3D000")
}

/// No socket yet, nobody behind it, or a server that says that it is still starting.
fn is_still_starting(error: &SqlxError) -> bool {
    matches!(error, SqlxError::Io(_)) || has_code(error, "57P03")
}

/// Bytes as lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn has_code(error: &SqlxError, code: &str) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some(code)
}
