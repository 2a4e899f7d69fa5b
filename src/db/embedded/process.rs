//! The server as our child.
//!
//! A thread of its own starts it and waits for it. On Linux the server is told of the end of the
//! *thread* that started it, so that thread lives exactly as long as the server does.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::binaries::Binaries;
use super::guard;
use super::layout::{Layout, PORT};
use super::owner::Owner;
use super::{ClusterError, ClusterOptions};

/// The child, from its start until it is gone; dropping it stops it and waits.
#[derive(Debug)]
pub(super) struct Process {
    /// Empty once the child has been waited for: its number may then be somebody else's.
    pid: Arc<Mutex<Option<Pid>>>,
    ended: watch::Receiver<Option<String>>,
    waiter: Option<JoinHandle<()>>,
}

impl Process {
    pub(super) fn start(mut command: Command) -> Result<Process, ClusterError> {
        let program = PathBuf::from(command.get_program());
        let failed = |error| ClusterError::io("start the database", &program, error);
        let pid = Arc::new(Mutex::new(None));
        let (tell_started, started) = std::sync::mpsc::channel();
        let (tell_ended, ended) = watch::channel(None);

        let shared_pid = Arc::clone(&pid);
        let waiter = thread::Builder::new()
            .name("embedded-postgres".to_owned())
            .spawn(move || {
                let mut child = match command.spawn() {
                    Ok(child) => child,
                    Err(error) => {
                        let _ = tell_started.send(Err(error));
                        return;
                    }
                };
                let raw = i32::try_from(child.id()).unwrap_or_default();
                *shared_pid.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Pid::from_raw(raw));
                let _ = tell_started.send(Ok(()));
                let outcome = child.wait();
                *shared_pid.lock().unwrap_or_else(PoisonError::into_inner) = None;
                let how = outcome.map_or_else(|error| error.to_string(), |s| s.to_string());
                tell_ended.send_replace(Some(how));
            })
            .map_err(failed)?;

        match started.recv() {
            Ok(Ok(())) => Ok(Process { pid, ended, waiter: Some(waiter) }),
            Ok(Err(error)) => Err(failed(error)),
            Err(error) => Err(failed(std::io::Error::other(error))),
        }
    }

    /// Waits for the end of the child, and says how it ended.
    pub(super) async fn exited(&self) -> String {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(how) => how.clone().unwrap_or_default(),
            Err(_) => "the process is gone".to_owned(),
        }
    }

    /// Asks for a clean stop that does not wait for clients.
    pub(super) fn interrupt(&self) {
        self.signal(Signal::SIGINT);
    }

    /// Ends the server at once; its next start replays the log.
    pub(super) fn quit(&self) {
        self.signal(Signal::SIGQUIT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = *self.pid.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = kill(pid, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.interrupt();
        if let Some(waiter) = self.waiter.take() {
            let _ = waiter.join();
        }
    }
}

/// The server's command line, behind the guard.
pub(super) fn command(
    options: &ClusterOptions,
    layout: &Layout,
    owner: Option<&Owner>,
    binaries: &Binaries,
    log: File,
) -> Command {
    let mut command = Command::new(&options.guard_program);
    command.arg(guard::COMMAND).args(["--parent", &std::process::id().to_string()]);
    if let Some(owner) = owner {
        command.args(["--uid", &owner.uid.to_string(), "--gid", &owner.gid.to_string()]);
    }
    command.arg("--").arg(binaries.dir.join("postgres"));
    command.arg("-D").arg(&layout.cluster).arg("-k").arg(&layout.socket_dir);
    for (name, value) in settings(options) {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    command
        // Secrets in our environment would otherwise be readable in the server's.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(&layout.cluster)
        // A Ctrl-C in the terminal reaches us alone, and we stop the server when we are done.
        .process_group(0)
        .stdin(Stdio::null());
    match log.try_clone() {
        Ok(second) => command.stdout(log).stderr(second),
        Err(_) => command.stdout(Stdio::null()).stderr(log),
    };
    command
}

/// Fits a small server; given at every start, so that a new release can change them.
fn settings(options: &ClusterOptions) -> Vec<(&'static str, String)> {
    let on_disk = if options.durable { "on" } else { "off" };
    let mut settings = vec![
        ("listen_addresses", String::new()),
        ("port", PORT.to_string()),
        ("max_connections", options.max_connections.to_string()),
        ("shared_buffers", "128MB".to_owned()),
        ("effective_cache_size", "512MB".to_owned()),
        ("max_wal_size", "1GB".to_owned()),
        ("random_page_cost", "1.1".to_owned()),
        // Claims leave dead entries at the head of their index, which the next ones walk through.
        ("autovacuum_naptime", "10s".to_owned()),
        // Every statement is short: compiling one takes longer than running it.
        ("jit", "off".to_owned()),
        ("password_encryption", "scram-sha-256".to_owned()),
        ("logging_collector", "off".to_owned()),
        ("log_destination", "stderr".to_owned()),
        ("log_line_prefix", "%m [%p] ".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        ("fsync", on_disk.to_owned()),
        ("full_page_writes", on_disk.to_owned()),
        ("synchronous_commit", on_disk.to_owned()),
    ];
    if !options.durable {
        // A checkpoint or a vacuum in the middle of a test only takes time away from it.
        settings.push(("autovacuum", "off".to_owned()));
        settings.push(("checkpoint_timeout", "1h".to_owned()));
    }
    settings
}
