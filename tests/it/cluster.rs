//! One PostgreSQL for the whole test process, and a database of its own for each test.
//!
//! The cluster is run by the product's own code, kept between runs, and stopped by the system when
//! the test process ends. A test's database is a copy of a migrated template.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use nottario::db::embedded::{Cluster, ClusterError, ClusterOptions, can_live_in};
use nottario::db::{Database, migrations};
use sha2::{Digest as _, Sha256};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

/// A database that exists for one test, and is dropped with this value.
pub(crate) struct TestDatabase {
    /// Connections with the product's time limits.
    pub(crate) pool: PgPool,
    /// The name of the database.
    pub(crate) name: String,
    /// For connections of one's own, and for `Database::connect`.
    pub(crate) connect_options: PgConnectOptions,
}

impl TestDatabase {
    /// The address of the database, as `DATABASE_URL` takes it.
    pub(crate) fn url(&self) -> String {
        let cluster = shared();
        let socket = cluster.options.get_socket().unwrap().display().to_string();
        let host = socket.replace('/', "%2F").replace(' ', "%20");
        format!("postgres://nottario:{}@{host}/{}", cluster.password, self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let _ = shared().dropped.send(self.name.clone());
    }
}

/// A migrated database without any rows.
pub(crate) async fn database() -> TestDatabase {
    copy_of(&shared().template).await
}

/// A database without any tables.
pub(crate) async fn empty_database() -> TestDatabase {
    copy_of("template1").await
}

/// Runs statements that are put together at run time; for what is about databases as such.
pub(crate) async fn run(options: &PgConnectOptions, sql: String) {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// The first column of the answer to a statement, as text.
pub(crate) async fn ask(options: &PgConnectOptions, sql: &str) -> Vec<String> {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    let rows =
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// A folder for a test's own data directory that the database's user can reach, whoever runs us.
pub(crate) fn scratch_folder() -> tempfile::TempDir {
    let base = base_folder();
    std::fs::create_dir_all(&base).unwrap();
    let folder = tempfile::Builder::new().prefix("data-").tempdir_in(base).unwrap();
    // The maker of temporary folders closes them to others; the database's user passes through.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    folder
}

async fn copy_of(template: &str) -> TestDatabase {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let cluster = shared();
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    run(&cluster.options, format!("create database {name} template {template}")).await;

    let connect_options = cluster.options.clone().database(&name);
    let pool = Database::connect(connect_options.clone()).pool().clone();
    TestDatabase { pool, name, connect_options }
}

/// The cluster, and what a test needs from it.
struct Shared {
    options: PgConnectOptions,
    password: String,
    template: String,
    dropped: Sender<String>,
}

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let (tell_ready, ready) = channel();
        // A thread with a runtime of its own: those of the tests come and go.
        thread::Builder::new()
            .name("test-cluster".to_owned())
            .spawn(move || {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let (tell_dropped, dropped) = channel::<String>();
                let (cluster, folder) = runtime.block_on(start());
                let options = cluster.connect_options();
                let template = runtime.block_on(prepare_template(&options));
                let password = std::fs::read_to_string(folder.join("password")).unwrap();
                let shared =
                    Shared { options: options.clone(), password, template, dropped: tell_dropped };
                tell_ready.send(shared).unwrap_or_else(|_| panic!("nobody waits"));
                while let Ok(name) = dropped.recv() {
                    runtime.block_on(drop_database(&options, &name));
                }
            })
            .unwrap();
        ready.recv().expect("the shared cluster starts; its own panic is above")
    })
}

fn base_folder() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    if can_live_in(&target.join("cluster")) {
        target.to_owned()
    } else {
        // Root's home is closed to the user that the database runs as.
        std::env::temp_dir().join("nottario-tests")
    }
}

/// Starts the first cluster that no other test process uses.
async fn start() -> (Cluster, PathBuf) {
    for number in 0.. {
        let data_dir = base_folder().join(format!("cluster-{number}"));
        let options = ClusterOptions {
            data_dir: data_dir.clone(),
            guard_program: env!("CARGO_BIN_EXE_nottario").into(),
            bin_dir: None,
            max_connections: 300,
            durable: false,
        };
        match Cluster::start(options).await {
            Ok(cluster) => return (cluster, data_dir),
            Err(ClusterError::InUse(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    unreachable!("numbers do not end")
}

/// Makes the template unless it is there, and drops what earlier runs left behind.
async fn prepare_template(options: &PgConnectOptions) -> String {
    let template = format!("migrated_{}", fingerprint());
    let left_over = "select datname::text from pg_database \
                     where datname like 'test\\_%' or datname like 'migrated\\_%' \
                        or datname = 'unfinished'";
    let mut is_there = false;
    for name in ask(options, left_over).await {
        if name == template {
            is_there = true;
        } else {
            drop_database(options, &name).await;
        }
    }
    if !is_there {
        run(options, "create database unfinished".to_owned()).await;
        migrations::run(&options.clone().database("unfinished")).await.unwrap();
        run(options, format!("alter database unfinished rename to {template}")).await;
    }
    template
}

/// Names the set of migrations, so that a changed one makes a new template.
fn fingerprint() -> String {
    let mut digest = Sha256::new();
    for migrations in migrations::all() {
        for migration in migrations.iter() {
            digest.update(&migration.checksum);
        }
    }
    digest.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

async fn drop_database(options: &PgConnectOptions, name: &str) {
    run(options, format!("drop database if exists {name} with (force)")).await;
}
