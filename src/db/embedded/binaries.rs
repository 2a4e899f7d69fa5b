//! Finds the server binaries.
//!
//! A cluster is readable only by the major version that made it, so an existing one decides;
//! a new one takes the first that is recent enough.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClusterError;
use crate::db::OLDEST_MAJOR;

/// Folders whose children named by a version each hold a `bin`.
const VERSIONED: [(&str, &str); 5] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
];

/// One installation of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
    pub(super) major: u32,
}

impl Binaries {
    /// The installation to run a cluster of version `wanted` with, or a new one.
    pub(super) fn find(
        setting: Option<&Path>,
        wanted: Option<u32>,
    ) -> Result<Binaries, ClusterError> {
        let found: Vec<Binaries> = match setting {
            Some(dir) => Binaries::at(dir).into_iter().collect(),
            None => candidates().iter().filter_map(|dir| Binaries::at(dir)).collect(),
        };
        let fits = |binaries: &&Binaries| match wanted {
            Some(major) => binaries.major == major,
            None => binaries.major >= OLDEST_MAJOR,
        };
        found
            .iter()
            .find(fits)
            .cloned()
            .ok_or_else(|| ClusterError::NoBinaries(how_to_get_them(setting, wanted, &found)))
    }

    /// The installation in a folder, when it is complete and runs.
    fn at(dir: &Path) -> Option<Binaries> {
        if !dir.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(dir.join("postgres")).arg("--version").output().ok()?;
        let version = String::from_utf8_lossy(&output.stdout).into_owned();
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "… 18beta1".
        let number = version.split_once(") ")?.1;
        let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(Binaries { dir: dir.to_owned(), major: digits.parse().ok()? })
    }
}

/// Where to look, best first: what `PATH` points at, then the usual places by highest version.
fn candidates() -> Vec<PathBuf> {
    let mut places = Vec::new();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output()
        && output.status.success()
    {
        places.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    places.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    for (parent, prefix) in VERSIONED {
        places.extend(versions_below(Path::new(parent), prefix));
    }
    places.dedup();
    places
}

fn versions_below(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by(|one, other| other.cmp(one));
    versions.into_iter().map(|(_, dir)| dir).collect()
}

fn how_to_get_them(setting: Option<&Path>, wanted: Option<u32>, found: &[Binaries]) -> String {
    let needed = match wanted {
        Some(major) => format!("PostgreSQL {major} (the version that made the data directory)"),
        None => format!("PostgreSQL {OLDEST_MAJOR} or newer"),
    };
    let seen = match (setting, found) {
        (Some(dir), []) => format!("NOTTARIO_POSTGRES_BIN_DIR={} has none", dir.display()),
        (None, []) => "none was found".to_owned(),
        _ => {
            let list: Vec<_> = found
                .iter()
                .map(|binaries| format!("{} in {}", binaries.major, binaries.dir.display()))
                .collect();
            format!("only {} was found", list.join(", "))
        }
    };
    format!(
        "the embedded database needs the server binaries of {needed}, and {seen}; install them \
         (apt install postgresql, dnf install postgresql-server postgresql-contrib, brew install \
         postgresql@17), or set NOTTARIO_POSTGRES_BIN_DIR to their folder, or set DATABASE_URL to \
         use a server of your own"
    )
}
