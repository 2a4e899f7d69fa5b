//! The program itself, as operators run it: a process with an environment of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A command line whose environment is what is given here, in a folder without a `.env`.
pub(crate) fn nottario(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nottario"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HTTP_ADDR", ":0")
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null());
    for (name, value) in environment {
        command.env(name, value);
    }
    command
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    nottario(arguments, environment).output().unwrap()
}

/// What a command said on standard error.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What a command said on standard output.
pub(crate) fn answer(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A running `nottario serve`; killed when dropped.
pub(crate) struct Server {
    /// The address that people reach.
    pub(crate) url: String,
    child: Child,
    log: Receiver<serde_json::Value>,
}

impl Server {
    /// Starts a server and waits until it says that it is ready.
    pub(crate) fn start(environment: &[(&str, &str)]) -> Server {
        let mut child = nottario(&["serve"], environment)
            .env("LOG_FORMAT", "json")
            // There it prints a sign-in link, which nobody reads.
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (tell, log) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or_else(|_| {
                    // Its last words are no JSON; they belong into a failing test's output.
                    eprintln!("{line}");
                    serde_json::Value::String(line)
                });
                drop(tell.send(line));
            }
        });
        let ready = log.iter().find(|line: &serde_json::Value| line["message"] == "ready");
        let url = ready.expect("the server starts")["url"].as_str().unwrap().to_owned();
        Server { url, child, log }
    }

    /// Starts a server on an embedded database in this folder.
    pub(crate) fn embedded(data_dir: &Path) -> Server {
        Server::start(&[("NOTTARIO_DATA_DIR", data_dir.to_str().unwrap())])
    }

    /// Everything that it logs until it ends; what is no JSON as a string.
    pub(crate) fn rest_of_log(&self) -> Vec<serde_json::Value> {
        self.log.iter().collect()
    }

    /// Sends SIGTERM, as supervisors do, and waits for the end.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
        self.child.wait().unwrap()
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
