//! Makes a cluster. One that was cut off half-way leaves nothing that counts as a cluster:
//! it is built aside and renamed into place when it is complete.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::binaries::Binaries;
use super::layout::{Layout, write_private};
use super::owner::Owner;
use super::{ClusterError, NAME, hex};

const STAGING_PREFIX: &str = "initdb-";

/// Builds the cluster of a data directory that has none; the caller holds the lock.
pub(super) fn initialise(
    layout: &Layout,
    owner: Option<&Owner>,
    binaries: &Binaries,
    durable: bool,
) -> Result<(), ClusterError> {
    remove_left_overs(&layout.data_dir);
    let staging = layout.data_dir.join(format!("{STAGING_PREFIX}{}", std::process::id()));
    let result = build(layout, &staging, owner, binaries, durable);
    let _ = fs::remove_dir_all(&staging);
    result
}

fn build(
    layout: &Layout,
    staging: &Path,
    owner: Option<&Owner>,
    binaries: &Binaries,
    durable: bool,
) -> Result<(), ClusterError> {
    let failed = |error| ClusterError::io("prepare a new cluster", staging, error);
    let password = random_password();
    let password_file = staging.join("password");
    let cluster = staging.join("cluster");

    DirBuilder::new().mode(0o700).create(staging).map_err(failed)?;
    write_private(&password_file, &password).map_err(failed)?;
    if let Some(owner) = owner {
        owner.take(staging).map_err(failed)?;
        owner.take(&password_file).map_err(failed)?;
    }

    run_initdb(&cluster, &password_file, owner, binaries, durable)?;

    // The password is kept before the cluster counts: the other order could leave a cluster that
    // nobody can open.
    layout.write_password(&password)?;
    fs::rename(&cluster, &layout.cluster).map_err(failed)?;
    File::open(&layout.data_dir).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn run_initdb(
    cluster: &Path,
    password_file: &Path,
    owner: Option<&Owner>,
    binaries: &Binaries,
    durable: bool,
) -> Result<(), ClusterError> {
    let program = binaries.dir.join("initdb");
    let mut command = Command::new(&program);
    command
        .arg("--pgdata")
        .arg(cluster)
        .arg("--pwfile")
        .arg(password_file)
        .args(["--username", NAME, "--auth", "scram-sha-256", "--encoding", "UTF8"])
        .arg("--data-checksums");
    if cfg!(target_os = "macos") {
        command.args(["--locale", "C", "--lc-ctype", "UTF-8"]);
    } else {
        command.args(["--locale", "C.UTF-8"]);
    }
    if !durable {
        command.arg("--no-sync");
    }
    // Our own environment holds secrets, and the operator's may hold PGDATA.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    if let Some(folder) = cluster.parent() {
        command.current_dir(folder);
    }
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }

    let output =
        command.output().map_err(|error| ClusterError::io("run initdb", &program, error))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let details = lines[lines.len().saturating_sub(3)..].join(" | ");
    Err(ClusterError::Refused { what: "could not be initialised", details })
}

/// What an earlier run left behind when it was killed in here.
fn remove_left_overs(data_dir: &Path) {
    for entry in fs::read_dir(data_dir).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(STAGING_PREFIX) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn random_password() -> String {
    hex(&rand::random::<[u8; 24]>())
}
