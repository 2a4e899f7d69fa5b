//! Stops a server that an earlier run left behind.
//!
//! Where the system can tie the server's life to ours, none is left behind for longer than its
//! shutdown takes. Elsewhere a killed Nottario leaves its server running, and the next start,
//! which by then holds the lock of the data directory, ends it here.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{ClusterError, STOP_LIMIT};

/// Ends the server that still runs on this cluster, if any, and waits until it is gone.
pub(super) fn stop(cluster: &Path) -> Result<(), ClusterError> {
    let Some(pid) = running_postmaster(cluster) else { return Ok(()) };
    tracing::warn!(pid = pid.as_raw(), "stopping the database that an earlier run left behind");
    let asked = Instant::now();
    signal(pid, Signal::SIGINT, cluster)?;

    let mut was_pressed = false;
    while is_postmaster_of(pid, cluster) {
        if asked.elapsed() > STOP_LIMIT && !was_pressed {
            signal(pid, Signal::SIGQUIT, cluster)?;
            was_pressed = true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn signal(pid: Pid, signal: Signal, cluster: &Path) -> Result<(), ClusterError> {
    match kill(pid, signal) {
        Ok(()) | Err(nix::Error::ESRCH) => Ok(()),
        Err(error) => {
            Err(ClusterError::io("stop the database of an earlier run", cluster, error.into()))
        }
    }
}

fn running_postmaster(cluster: &Path) -> Option<Pid> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let pid = Pid::from_raw(text.lines().next()?.trim().parse().ok()?);
    is_postmaster_of(pid, cluster).then_some(pid)
}

/// A process id alone proves nothing: after a restart of the machine it may be anybody's.
/// A server's working directory is its cluster.
fn is_postmaster_of(pid: Pid, cluster: &Path) -> bool {
    working_directory(pid)
        .is_some_and(|found| fs::canonicalize(cluster).is_ok_and(|cluster| found == cluster))
}

#[cfg(target_os = "linux")]
fn working_directory(pid: Pid) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

#[cfg(not(target_os = "linux"))]
fn working_directory(pid: Pid) -> Option<PathBuf> {
    let listing = std::process::Command::new("lsof")
        .args(["-a", "-d", "cwd", "-Fn", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&listing.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix('n')).map(PathBuf::from)
}
