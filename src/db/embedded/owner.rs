//! The system user that the database runs as.
//!
//! PostgreSQL refuses to run as root. Started as root, we stay root and the database runs as an
//! unprivileged user; otherwise it runs as we do, and there is no separate owner.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User, geteuid};

/// The unprivileged user behind a cluster that root has started.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Owner {
    /// `postgres` where the distribution made one, else `nobody`; `None` when we are not root.
    pub(super) fn of_the_database() -> Option<Owner> {
        if !geteuid().is_root() {
            return None;
        }
        let user = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .or_else(|| User::from_uid(Uid::from_raw(65534)).ok().flatten());
        // A container without /etc/passwd still knows numbers.
        Some(match user {
            Some(user) => Owner { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() },
            None => Owner { name: "65534".to_owned(), uid: 65534, gid: 65534 },
        })
    }

    /// Hands a file or folder over to this user.
    pub(super) fn take(&self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }

    /// The outermost folder above `path` that this user may not pass through.
    ///
    /// The folder itself is ours to open up, so only its parents count.
    pub(super) fn first_closed_folder(&self, path: &Path) -> Option<PathBuf> {
        let mut folders: Vec<&Path> = path.ancestors().skip(1).collect();
        folders.reverse();
        folders
            .into_iter()
            .find(|folder| fs::metadata(folder).is_ok_and(|found| !self.may_enter(&found)))
            .map(Path::to_owned)
    }

    fn may_enter(&self, folder: &fs::Metadata) -> bool {
        let needed_bit = if folder.uid() == self.uid {
            0o100
        } else if folder.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        folder.mode() & needed_bit != 0
    }
}
