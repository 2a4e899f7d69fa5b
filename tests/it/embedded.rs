//! The embedded database: durable, private, and gone with its owner.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nottario::db::embedded::{Cluster, ClusterError, ClusterOptions, can_live_in};

use crate::cluster;

/// Quick to make and to stop; what the disk holds is not what these tests are about.
fn options(data_dir: &Path) -> ClusterOptions {
    ClusterOptions {
        data_dir: data_dir.to_owned(),
        guard_program: env!("CARGO_BIN_EXE_nottario").into(),
        bin_dir: None,
        max_connections: 20,
        durable: false,
    }
}

/// Makes the cluster of a data directory without waiting for the disk, for whoever starts on it.
pub(crate) async fn prepare(data_dir: &Path) {
    Cluster::start(options(data_dir)).await.unwrap().stop().await;
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_fresh_data_directory_becomes_a_durable_and_private_database() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");

    let cluster =
        Cluster::start(ClusterOptions { durable: true, ..options(&data_dir) }).await.unwrap();

    let settings = "select setting from pg_settings where name in \
                    ('data_checksums', 'fsync', 'full_page_writes', 'listen_addresses', \
                     'password_encryption', 'synchronous_commit') order by name";
    let settings = cluster::ask(&cluster.connect_options(), settings).await;
    assert_eq!(settings, ["on", "on", "on", "", "scram-sha-256", "on"]);
    let collation = "select datcollate::text from pg_database where datname = 'nottario'";
    assert!(cluster::ask(&cluster.connect_options(), collation).await[0].starts_with('C'));
    let wrong = cluster.connect_options().password("guess");
    assert!(sqlx::PgPool::connect_with(wrong).await.is_err());
    assert_eq!(mode(&data_dir.join("password")), 0o600);
    assert_eq!(mode(&data_dir.join("run")), 0o700);
    assert_eq!(mode(&data_dir.join("cluster")), 0o700);
    cluster.stop().await;
}

#[tokio::test]
async fn root_runs_the_database_as_an_unprivileged_user() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    let cluster = Cluster::start(options(&data_dir)).await.unwrap();

    let owner = fs::metadata(data_dir.join("cluster/PG_VERSION")).unwrap().uid();

    // PostgreSQL refuses to run as root, so a user other than root is what we see in any case.
    assert_ne!(owner, 0);
    if !nix::unistd::geteuid().is_root() {
        assert_eq!(owner, nix::unistd::geteuid().as_raw());
    }
    assert_eq!(fs::metadata(data_dir.join("password")).unwrap().uid(), folder_owner(&folder));
    cluster.stop().await;
}

fn folder_owner(folder: &tempfile::TempDir) -> u32 {
    fs::metadata(folder.path()).unwrap().uid()
}

#[tokio::test]
async fn a_folder_closed_to_the_databases_user_is_refused_in_words() {
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let data_dir = closed.path().join("data");
    let is_root = nix::unistd::geteuid().is_root();

    let started = Cluster::start(options(&data_dir)).await;

    // Not root: the database runs as we do, and our own closed folder is open to it.
    assert_eq!(can_live_in(&data_dir), !is_root);
    match started {
        Ok(cluster) if !is_root => cluster.stop().await,
        Err(ClusterError::Unreachable(text)) if is_root => {
            assert!(text.contains(closed.path().to_str().unwrap()), "{text}");
            assert!(text.contains("NOTTARIO_DATA_DIR"), "{text}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn data_survive_a_restart() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    let first = Cluster::start(options(&data_dir)).await.unwrap();
    let statement = "create table notes as select 'kept' as note".to_owned();
    cluster::run(&first.connect_options(), statement).await;
    first.stop().await;

    let second = Cluster::start(options(&data_dir)).await.unwrap();

    assert_eq!(cluster::ask(&second.connect_options(), "select note from notes").await, ["kept"]);
    second.stop().await;
}

#[tokio::test]
async fn a_data_directory_has_one_owner_at_a_time() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    let first = Cluster::start(options(&data_dir)).await.unwrap();

    let second = Cluster::start(options(&data_dir)).await;

    assert!(matches!(second, Err(ClusterError::InUse(_))), "{second:?}");
    assert_eq!(cluster::ask(&first.connect_options(), "select 'alive'").await, ["alive"]);
    first.stop().await;
    Cluster::start(options(&data_dir)).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_dropped_cluster_is_stopped() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    let cluster = Cluster::start(options(&data_dir)).await.unwrap();
    assert!(data_dir.join("cluster/postmaster.pid").exists());

    drop(cluster);

    assert!(!data_dir.join("cluster/postmaster.pid").exists());
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_gets_a_short_one() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("a-long-name-".repeat(9));

    let cluster = Cluster::start(options(&data_dir)).await.unwrap();

    assert_eq!(cluster::ask(&cluster.connect_options(), "select 'alive'").await, ["alive"]);
    let socket_dir = cluster.connect_options().get_socket().unwrap().clone();
    assert_eq!(mode(&socket_dir), 0o700);
    cluster.stop().await;
    fs::remove_dir_all(socket_dir).unwrap();
}

#[tokio::test]
async fn what_a_cut_off_first_start_left_is_cleared_away() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    let left_over = data_dir.join("initdb-1");
    fs::create_dir_all(left_over.join("cluster/base")).unwrap();
    fs::write(left_over.join("cluster/PG_VERSION"), "15\n").unwrap();

    let cluster = Cluster::start(options(&data_dir)).await.unwrap();

    assert!(!left_over.exists());
    cluster.stop().await;
}

#[tokio::test]
async fn a_server_that_an_earlier_run_left_behind_is_stopped_first() {
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().join("data");
    let first = Cluster::start(options(&data_dir)).await.unwrap();
    let postgres = first.binaries().0.join("postgres");
    first.stop().await;
    let mut orphan = start_orphan(&postgres, &data_dir);

    let cluster = Cluster::start(options(&data_dir)).await.unwrap();

    assert!(orphan.wait().unwrap().success());
    assert_eq!(cluster::ask(&cluster.connect_options(), "select 'alive'").await, ["alive"]);
    cluster.stop().await;
}

/// A server that nothing ties to its starter, as a killed Nottario leaves it on other systems.
fn start_orphan(postgres: &Path, data_dir: &Path) -> std::process::Child {
    let home = data_dir.join("cluster");
    let owner = fs::metadata(&home).unwrap();
    let mut command = Command::new(postgres);
    command.arg("-D").arg(&home).arg("-k").arg(data_dir.join("run"));
    command.args(["-c", "listen_addresses="]).current_dir(&home);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    if nix::unistd::geteuid().is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    let orphan = command.spawn().unwrap();
    let pid_file = home.join("postmaster.pid");
    while !fs::read_to_string(&pid_file).is_ok_and(|text| text.contains("ready")) {
        std::thread::yield_now();
    }
    orphan
}
