//! The data directory: where it is, and the session key that a loopback instance keeps in it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::Secret;

/// The place that the system's conventions give to a program's data.
pub(super) fn default_data_dir(lookup: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, String> {
    let absolute =
        |name: &str| lookup(name).map(PathBuf::from).filter(|directory| directory.is_absolute());
    // As root the database runs under another user, which cannot enter root's home.
    if nix::unistd::geteuid().is_root() && cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/var/lib/nottario"));
    }
    if cfg!(target_os = "macos") {
        if let Some(home) = absolute("HOME") {
            return Ok(home.join("Library/Application Support/nottario"));
        }
    } else if let Some(data) = absolute("XDG_DATA_HOME") {
        return Ok(data.join("nottario"));
    } else if let Some(home) = absolute("HOME") {
        return Ok(home.join(".local/share/nottario"));
    }
    Err("is not set, and neither is HOME; set it to a folder for the data".to_owned())
}

/// Reads the session key of the data directory, and makes it when there is none.
pub(super) fn kept_session_key(data_dir: &Path) -> io::Result<Secret<[u8; 32]>> {
    let path = data_dir.join("session.key");
    if let Some(key) = read_key(&path)? {
        return Ok(key);
    }
    DirBuilder::new().recursive(true).mode(0o700).create(data_dir)?;

    // Written aside and linked into place: of two processes at once the first wins, and neither
    // ever reads half a key.
    let draft = data_dir.join(format!("session.key.{}", uuid::Uuid::new_v4().simple()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(&rand::random::<[u8; 32]>())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, &path);
    fs::remove_file(&draft)?;
    if let Err(error) = linked
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(error);
    }
    read_key(&path)?.ok_or_else(|| io::Error::other(format!("{} vanished", path.display())))
}

fn read_key(path: &Path) -> io::Result<Option<Secret<[u8; 32]>>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let key = bytes.try_into().map_err(|_| {
        io::Error::other(format!(
            "{} does not hold a key of 32 bytes; remove it, and everybody signs in again",
            path.display()
        ))
    })?;
    Ok(Some(Secret::new(key)))
}
