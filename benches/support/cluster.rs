//! The cluster of one benchmark, and a database of its own for each scenario.
//!
//! The server is run by the product's embedded code, durable, in a folder that goes with it.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nottario::db::embedded::{Cluster, ClusterOptions, can_live_in};
use nottario::db::migrations;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _};
use tempfile::TempDir;

use super::Outcome;

/// Set to anything, it makes every backlog and every round small: for a look, not for figures.
const QUICK: &str = "NOTTARIO_BENCH_QUICK";

/// A running cluster with the product's settings.
pub(crate) struct Bench {
    cluster: Cluster,
    // After the cluster: the folder goes when the server has.
    _folder: TempDir,
    is_quick: bool,
}

impl Bench {
    pub(crate) async fn start(name: &str) -> Outcome<Self> {
        let folder = tempfile::Builder::new()
            .prefix(&format!("nottario-{name}-"))
            .tempdir_in(base_folder()?)?;
        // The maker of temporary folders closes them to others; the database's user passes through.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
        let cluster = Cluster::start(ClusterOptions {
            data_dir: folder.path().join("data"),
            guard_program: env!("CARGO_BIN_EXE_nottario").into(),
            bin_dir: None,
            max_connections: 800,
            durable: true,
        })
        .await?;
        let is_quick = std::env::var_os(QUICK).is_some();
        let (_, major) = cluster.binaries();
        let cores = std::thread::available_parallelism()?;
        eprintln!("{name}: PostgreSQL {major}, fsync on, {cores} cores{}", quick_note(is_quick));
        Ok(Self { cluster, _folder: folder, is_quick })
    }

    /// A number of things in a full run; fewer in a quick one.
    pub(crate) fn size(&self, full: u32, quick: u32) -> u32 {
        if self.is_quick { quick } else { full }
    }

    /// Makes an empty database with the product's schema.
    pub(crate) async fn database(&self, name: &str) -> Outcome<PgConnectOptions> {
        let cluster = self.cluster.connect_options();
        let mut connection = PgConnection::connect_with(&cluster).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        let options = cluster.database(name);
        migrations::run(&options).await?;
        Ok(options)
    }
}

fn quick_note(is_quick: bool) -> &'static str {
    if is_quick { "; a quick run, its figures mean little" } else { "" }
}

/// Beside the build where the database's user can go there, else among the temporary files.
fn base_folder() -> Outcome<PathBuf> {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    if can_live_in(&target.join("x/y")) {
        return Ok(target);
    }
    let folder = std::env::temp_dir();
    if can_live_in(&folder.join("x/y")) {
        return Ok(folder);
    }
    Err(format!(
        "the database's user cannot enter {}; set TMPDIR to another folder",
        folder.display()
    )
    .into())
}
