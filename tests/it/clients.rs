//! The official clients, from other languages, at work on a running server.
//!
//! `scripts/setup-clients.sh` installs them. One that is not installed is skipped with a line on
//! standard error; with `NOTTARIO_REQUIRE_CLIENTS` set, that is a failure.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use nottario::config::ToolNames;
use nottario::mcp;
use nottario::mcp::registry::Registry;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::served::TestServer;
use crate::world::{Agent, PATIENCE};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// One client of those that are installed together.
struct Kind {
    /// Its folder in `.clients`.
    installed: &'static str,
    /// Its program in that folder or on the path.
    program: &'static str,
    /// Its script in `tests/clients`, and what that imports.
    scripts: &'static [&'static str],
    /// Its `NOTTARIO_MODE`.
    mode: &'static str,
    /// The revision of the protocol that it and the server agree on.
    protocol: &'static str,
}

/// A client at work: each step is a line in, and a line out.
struct Driven {
    _child: Child,
    steps: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Kind {
    fn folder(&self) -> PathBuf {
        Path::new(ROOT).join(".clients").join(self.installed)
    }

    /// Whether it is installed. If not, says so, or fails where it must be.
    fn is_there(&self) -> bool {
        if self.folder().join("installed").exists() {
            return true;
        }
        let missing = Path::new(ROOT).join(format!(".clients/{}.missing", self.installed));
        let reason = std::fs::read_to_string(missing)
            .unwrap_or_else(|_| "run scripts/setup-clients.sh".to_owned());
        let line = format!("{} is not installed: {}", self.installed, reason.trim());
        assert!(std::env::var_os("NOTTARIO_REQUIRE_CLIENTS").is_none(), "{line}");
        // Past the test harness, which keeps what passing tests print to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {}: {line}", self.scripts[0]);
        false
    }

    fn start(&self, server: &TestServer, agent: &Agent) -> Driven {
        let folder = self.folder();
        let scripts = Path::new(ROOT).join("tests/clients");
        let mut main = scripts.join(self.scripts[0]);
        if self.installed == "node" {
            // Node looks for packages from where a script is.
            for script in self.scripts {
                std::fs::copy(scripts.join(script), folder.join(script)).unwrap();
            }
            main = folder.join(self.scripts[0]);
        }
        let own = folder.join(self.program);
        let program = if own.exists() { own } else { self.program.into() };
        let mut child = Command::new(program)
            .arg(main)
            .env("NOTTARIO_URL", server.endpoint())
            .env("NOTTARIO_TOKEN", agent.secret.expose())
            .env("NOTTARIO_MODE", self.mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let steps = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        Driven { _child: child, steps, answers }
    }
}

impl Driven {
    async fn heard(&mut self) -> Value {
        let line = timeout(PATIENCE, self.answers.next_line()).await.expect("no answer").unwrap();
        let line = line.expect("the client ended; what it said is above");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    async fn step(&mut self, step: Value) -> Value {
        self.steps.write_all(format!("{step}\n").as_bytes()).await.unwrap();
        self.heard().await
    }

    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.step(json!({ "do": "call", "tool": tool, "arguments": arguments })).await
    }

    async fn ok(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.call(tool, arguments).await;
        assert_eq!(answer["is_error"], false, "{tool}: {answer}");
        let text: Value = serde_json::from_str(answer["text"].as_str().unwrap()).unwrap();
        assert_eq!(answer["facts"], text, "{tool}");
        text
    }
}

/// The work of an agent, from its first call to its last, and what goes wrong on the way.
async fn work(kind: &Kind) {
    if !kind.is_there() {
        return;
    }
    let server = TestServer::start().await;
    let project = server.world.project("atlas").await;
    let agent = project.agent("claude").await;
    let mut client = kind.start(&server, &agent);

    let ready = client.heard().await;
    assert_eq!(ready["server"], "nottario", "{ready}");
    assert_eq!(ready["protocol"], kind.protocol, "{ready}");
    let registry = Registry::new(mcp::tools(), ToolNames::Underscore);
    let names: Vec<_> = registry.listed().iter().map(|tool| tool.name.to_string()).collect();
    assert_eq!(client.step(json!({ "do": "list" })).await["tools"], json!(names));

    let me = client.ok("nottario_whoami", json!({})).await;
    assert_eq!(me["token_name"], "claude");
    let created = json!({ "title": "Write it – 試験 👩\u{200D}💻", "priority_key": "high" });
    let created = client.ok("nottario_tasks_create", created).await;
    let taken = client.ok("nottario_tasks_claim_next", json!({})).await;
    assert_eq!(taken["task"]["key"], created["key"]);
    assert_eq!(taken["task"]["title"], "Write it – 試験 👩\u{200D}💻");
    let (task, claim) = (&created["key"], &taken["claim"]["claim_id"]);
    let comment = json!({ "task_id": task, "body": "On it." });
    assert_eq!(client.ok("nottario_tasks_add_comment", comment).await["task_key"], *task);
    let closed = json!({ "task_id": task, "claim_id": claim, "comment": "Done." });
    assert_eq!(client.ok("nottario_tasks_close", closed).await["task"]["state"], "done");
    assert_eq!(client.ok("nottario_tasks_claim_next", json!({})).await["task"], Value::Null);

    let refused = client.call("nottario_tasks_get", json!({ "task_id": "ATL-99" })).await;
    assert_eq!(refused["is_error"], true, "{refused}");
    assert_eq!(
        refused["text"],
        "not_found: there is no task ATL-99 here. Next: check the id, or list what is there."
    );
    assert_eq!(refused["facts"], Value::Null);
    let refused = client.call("nottario_tasks_get", json!({ "task": "ATL-1" })).await;
    assert!(refused["text"].as_str().unwrap().starts_with("invalid: task: unknown argument"));
    let unknown = client.call("nottario_no_such_tool", json!({})).await;
    assert_eq!(unknown["code"], -32602, "{unknown}");
    assert!(unknown["message"].as_str().unwrap().contains("no_such_tool"), "{unknown}");
    assert_eq!(client.ok("nottario_whoami", json!({})).await["held"], json!([]));
    server.stop().await;
}

#[tokio::test]
async fn python_1_works() {
    work(&Kind {
        installed: "python-1",
        program: "bin/python",
        scripts: &["python_1.py"],
        mode: "",
        protocol: "2025-11-25",
    })
    .await;
}

#[tokio::test]
async fn python_2_works_with_the_newest_revision() {
    work(&Kind {
        installed: "python-2",
        program: "bin/python",
        scripts: &["python_2.py"],
        mode: "auto",
        protocol: "2026-07-28",
    })
    .await;
}

#[tokio::test]
async fn python_2_works_with_a_handshake() {
    work(&Kind {
        installed: "python-2",
        program: "bin/python",
        scripts: &["python_2.py"],
        mode: "legacy",
        protocol: "2025-11-25",
    })
    .await;
}

#[tokio::test]
async fn typescript_1_works() {
    work(&Kind {
        installed: "node",
        program: "node",
        scripts: &["sdk.mjs", "drive.mjs"],
        mode: "",
        protocol: "2025-11-25",
    })
    .await;
}

#[tokio::test]
async fn typescript_2_works_with_a_handshake() {
    work(&Kind {
        installed: "node",
        program: "node",
        scripts: &["client.mjs", "drive.mjs"],
        mode: "",
        protocol: "2025-11-25",
    })
    .await;
}

#[tokio::test]
async fn typescript_2_works_with_the_newest_revision() {
    work(&Kind {
        installed: "node",
        program: "node",
        scripts: &["client.mjs", "drive.mjs"],
        mode: "auto",
        protocol: "2026-07-28",
    })
    .await;
}
