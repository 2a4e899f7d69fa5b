//! What is where in the data directory.
//!
//! ```text
//! lock          held by the process that runs the cluster
//! guests        held, together, by the commands that use another process's cluster
//! cluster/      PostgreSQL's own data
//! password      of the role, readable by its owner only
//! run/          the socket
//! postgres.log  what the server said
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::owner::Owner;
use super::{ClusterError, hex};

/// Only part of the socket's file name; no network port is opened.
pub(super) const PORT: u16 = 5432;

/// The system allows 103 to 107 bytes for the path of a socket, whose name takes 14 of them.
const LONGEST_SOCKET_DIR: usize = 88;

/// A log above this size is set aside at the next start, and the one set aside before is dropped.
const LOG_LIMIT_BYTES: u64 = 16 * 1024 * 1024;

/// The places of one cluster.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) data_dir: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) socket_dir: PathBuf,
    has_owner: bool,
    password: PathBuf,
    log: PathBuf,
}

/// A lock in a data directory; the system takes it back even from a killed process.
#[derive(Debug)]
pub(super) struct DirectoryLock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Layout {
    pub(super) fn new(data_dir: &Path, owner: Option<&Owner>) -> Layout {
        // The server changes its working directory, so every path has to be absolute.
        let data_dir = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
        Layout {
            cluster: data_dir.join("cluster"),
            socket_dir: socket_dir(&data_dir),
            has_owner: owner.is_some(),
            password: data_dir.join("password"),
            log: data_dir.join("postgres.log"),
            data_dir,
        }
    }

    /// Makes the data directory; closed to others, except that a separate owner passes through.
    pub(super) fn create_data_dir(&self) -> Result<(), ClusterError> {
        let failed = |error| ClusterError::io("create the data directory", &self.data_dir, error);
        let mode = if self.has_owner { 0o711 } else { 0o700 };
        if !self.data_dir.is_dir() {
            let builder_mode = if self.has_owner { 0o755 } else { 0o700 };
            DirBuilder::new()
                .recursive(true)
                .mode(builder_mode)
                .create(&self.data_dir)
                .map_err(failed)?;
            return fs::set_permissions(&self.data_dir, Permissions::from_mode(mode))
                .map_err(failed);
        }
        if self.has_owner {
            let found = fs::metadata(&self.data_dir).map_err(failed)?.mode();
            fs::set_permissions(&self.data_dir, Permissions::from_mode(found | 0o111))
                .map_err(failed)?;
        }
        Ok(())
    }

    /// Takes the directory, or says that somebody else has it.
    pub(super) fn lock(&self) -> Result<DirectoryLock, ClusterError> {
        self.take("lock", File::try_lock)?.ok_or_else(|| ClusterError::InUse(self.data_dir.clone()))
    }

    /// Comes in beside the process that runs the cluster; `None` while that one is leaving.
    pub(super) fn enter_as_guest(&self) -> Result<Option<DirectoryLock>, ClusterError> {
        self.take("guests", File::try_lock_shared)
    }

    /// Keeps guests out from now on; `None` while some are in.
    pub(super) fn shut_out_guests(&self) -> Result<Option<DirectoryLock>, ClusterError> {
        self.take("guests", File::try_lock)
    }

    fn take(
        &self,
        name: &str,
        take: fn(&File) -> Result<(), TryLockError>,
    ) -> Result<Option<DirectoryLock>, ClusterError> {
        let path = self.data_dir.join(name);
        let failed = |error| ClusterError::io("lock the data directory", &path, error);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match take(&file) {
            Ok(()) => Ok(Some(DirectoryLock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The major version that wrote the cluster; `None` when there is no cluster yet.
    pub(super) fn major(&self) -> Result<Option<u32>, ClusterError> {
        let path = self.cluster.join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().map(Some).map_err(|error| {
                ClusterError::io("read the cluster's version", &path, io::Error::other(error))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ClusterError::io("read the cluster's version", &path, error)),
        }
    }

    pub(super) fn read_password(&self) -> Result<String, ClusterError> {
        fs::read_to_string(&self.password).map(|text| text.trim_end().to_owned()).map_err(|error| {
            ClusterError::io("read the database's password", &self.password, error)
        })
    }

    pub(super) fn write_password(&self, password: &str) -> Result<(), ClusterError> {
        let draft = self.password.with_extension("new");
        write_private(&draft, password)
            .and_then(|()| fs::rename(&draft, &self.password))
            .map_err(|error| ClusterError::io("keep the password", &self.password, error))
    }

    /// Makes the folder of the socket, and refuses one that somebody else has put there.
    pub(super) fn create_socket_dir(&self, owner: Option<&Owner>) -> Result<(), ClusterError> {
        let path = &self.socket_dir;
        let failed = |error| ClusterError::io("prepare the folder of the socket", path, error);
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
        // Not through a link: in a shared folder for temporary files anybody could have made it.
        let found = fs::symlink_metadata(path).map_err(failed)?;
        let us = nix::unistd::geteuid().as_raw();
        let is_ours = found.uid() == us || owner.is_some_and(|owner| owner.uid == found.uid());
        if !found.is_dir() || !is_ours {
            return Err(failed(io::Error::other("it belongs to somebody else; remove it")));
        }
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(failed)?;
        owner.map_or(Ok(()), |owner| owner.take(path)).map_err(failed)
    }

    pub(super) fn open_log(&self) -> Result<File, ClusterError> {
        if fs::metadata(&self.log).is_ok_and(|log| log.len() > LOG_LIMIT_BYTES) {
            let _ = fs::rename(&self.log, self.log.with_extension("log.1"));
        }
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.log)
            .map_err(|error| ClusterError::io("open the log of the database", &self.log, error))
    }

    /// The last lines of the log as one line, to explain a server that did not start.
    pub(super) fn log_tail(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text[text.len().saturating_sub(2000)..]).into_owned();
        let mut lines: Vec<&str> = text.lines().rev().take(3).map(str::trim).collect();
        lines.reverse();
        if lines.is_empty() {
            return String::new();
        }
        format!("{} (more in {})", lines.join(" | "), self.log.display())
    }
}

/// Writes a file that only its owner reads, down to the disk.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// In the data directory, or in a short place when that path is too long for a socket.
fn socket_dir(data_dir: &Path) -> PathBuf {
    let beside = data_dir.join("run");
    if beside.as_os_str().as_bytes().len() <= LONGEST_SOCKET_DIR {
        return beside;
    }
    let digest = Sha256::digest(data_dir.as_os_str().as_bytes());
    PathBuf::from("/tmp").join(format!("nottario-{}", hex(&digest[..8])))
}
