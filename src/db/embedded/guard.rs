//! Ties the server's life to ours.
//!
//! The hidden command `nottario embedded-postgres` stands between us and the server: in the child,
//! it drops root's rights, asks the system to interrupt this process when the thread that started
//! it ends, and becomes the server. So even `kill -9` of Nottario stops the database cleanly. It
//! is a program of its own because doing this between fork and exec would need unsafe code.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::unistd::{Gid, Pid, Uid, getppid};

/// The name of the hidden command.
pub const COMMAND: &str = "embedded-postgres";

/// What the guard is told.
#[derive(Debug, clap::Args)]
pub struct GuardArguments {
    /// The process that the server must not outlive.
    #[arg(long)]
    parent: i32,
    /// The user to run the server as.
    #[arg(long, requires = "gid")]
    uid: Option<u32>,
    /// The group to run the server as.
    #[arg(long, requires = "uid")]
    gid: Option<u32>,
    /// The server and its arguments.
    #[arg(last = true, required = true)]
    server: Vec<OsString>,
}

/// Becomes the server; comes back only when that failed.
pub fn become_server(arguments: &GuardArguments) -> std::io::Result<Infallible> {
    if let (Some(uid), Some(gid)) = (arguments.uid, arguments.gid) {
        drop_rights(Uid::from_raw(uid), Gid::from_raw(gid))?;
    }
    // After the change of user, which would take it away again.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGINT)?;
    // From here on the parent's end reaches us; before, it may already have come.
    if getppid() != Pid::from_raw(arguments.parent) {
        return Err(std::io::Error::other("the process that started the database is gone"));
    }
    let Some((program, rest)) = arguments.server.split_first() else {
        return Err(std::io::Error::other("no server to start was named"));
    };
    Err(Command::new(program).args(rest).exec())
}

fn drop_rights(uid: Uid, gid: Gid) -> nix::Result<()> {
    #[cfg(not(target_os = "macos"))]
    nix::unistd::setgroups(&[gid])?;
    nix::unistd::setgid(gid)?;
    nix::unistd::setuid(uid)
}
