//! Secrets stay secret: what a server process logs, answers, and shows of itself to the system.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use nottario::identity::TokenSecret;
use serde_json::{Value, json};

use crate::cluster;
use crate::served::{call_of, http};
use crate::server::nottario;
use crate::world::World;

/// 32 bytes that stand out in any notation.
const SESSION_KEY: &[u8; 32] = b"a session key that nobody shows!";

/// What must not be seen, in each form in which it could be written.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn of(database_url: &str, token: &TokenSecret) -> Self {
        let password = database_url.split(':').nth(2).unwrap().split('@').next().unwrap();
        assert!(password.len() > 20, "the test's cluster has a password that can be looked for");
        let token = token.expose();
        Self(vec![
            ("the database password", password.to_owned()),
            ("the session key", STANDARD.encode(SESSION_KEY)),
            ("the session key, decoded", String::from_utf8(SESSION_KEY.to_vec()).unwrap()),
            ("the token", token.to_owned()),
            // More of it than lists show.
            ("most of the token", token[4..30].to_owned()),
            ("the GitHub secret", "github-secret-marker".to_owned()),
        ])
    }

    fn assert_absent(&self, place: &str, text: &str) {
        for (name, secret) in &self.0 {
            assert!(!text.contains(secret), "{name} is in {place}:\n{text}");
        }
    }
}

/// A process and all that it started, by the system's own account.
fn family(of: u32) -> BTreeSet<u32> {
    let mut found = BTreeSet::from([of]);
    loop {
        let children: Vec<u32> = processes()
            .filter(|(id, parent)| found.contains(parent) && !found.contains(id))
            .map(|(id, _)| id)
            .collect();
        if children.is_empty() {
            return found;
        }
        found.extend(children);
    }
}

/// Every process with its parent.
fn processes() -> impl Iterator<Item = (u32, u32)> {
    fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let id: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name stands in parentheses and may have spaces; state and parent come after it.
        let parent = stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()?;
        Some((id, parent))
    })
}

fn shown(id: u32, file: &str) -> String {
    let bytes = fs::read(PathBuf::from(format!("/proc/{id}/{file}"))).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', "\n")
}

/// A server that logs all it can; the log is read when it has ended.
fn start(environment: &[(&str, &str)], log: fs::File) -> Child {
    let mut command: Command = nottario(&["serve"], environment);
    command
        .env("RUST_LOG", "trace")
        .env("SESSION_KEY", STANDARD.encode(SESSION_KEY))
        .env("GITHUB_OAUTH_CLIENT_ID", "client")
        .env("GITHUB_OAUTH_CLIENT_SECRET", "github-secret-marker")
        .stdout(Stdio::null())
        .stderr(Stdio::from(log))
        .spawn()
        .unwrap()
}

/// The address that a log says the server is ready at; waits until it does.
async fn ready(child: &mut Child, log: &std::path::Path) -> String {
    loop {
        let said = fs::read_to_string(log).unwrap();
        let ready = said
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|line| line["message"] == "ready");
        if let Some(ready) = ready {
            return ready["url"].as_str().unwrap().to_owned();
        }
        assert!(child.try_wait().unwrap().is_none(), "the server ended:\n{said}");
        tokio::task::yield_now().await;
    }
}

fn terminate(mut child: Child) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Calls of every sort, good and bad, with the secret where it belongs and where it does not.
async fn use_token(url: &str, token: &TokenSecret, secrets: &Secrets) {
    let (http, token) = (http(), token.expose());
    let whoami = call_of(&json!(1), "whoami", &json!({})).to_string();
    let cut = &token[..token.len() - 1];
    let mut answered = 0;
    for (query, bearer, body) in [
        ("", format!("Bearer {token}"), whoami.clone()),
        ("", format!("Bearer {token}"), format!("{{\"jsonrpc\": \"{cut}")),
        ("", format!("Bearer {cut}"), whoami.clone()),
        ("", format!("Basic {token}"), whoami.clone()),
        ("", format!("Bearer {}", TokenSecret::fresh().expose()), whoami.clone()),
        ("?x=1", format!("Bearer {token} {token}"), whoami),
    ] {
        let response = http
            .post(format!("{url}/mcp{query}"))
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("authorization", bearer)
            .header("cookie", format!("session={token}"))
            .body(body)
            .send()
            .await
            .unwrap();
        answered += usize::from(response.status() == 200);
        let shown = format!("{:?}\n{}", response.headers().clone(), response.text().await.unwrap());
        secrets.assert_absent("an answer", &shown);
    }
    assert_eq!(answered, 1);
    for path in ["healthz", "readyz", "version", "nothing-here", "mcp"] {
        let response = http.get(format!("{url}/{path}")).send().await.unwrap();
        let shown = format!("{:?}\n{}", response.headers().clone(), response.text().await.unwrap());
        secrets.assert_absent(path, &shown);
    }
}

#[tokio::test]
async fn a_server_shows_no_secret_in_logs_answers_or_processes() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let token = atlas.agent("bot").await.secret;
    let database_url = world.database_url();
    let secrets = Secrets::of(&database_url, &token);
    let folder = cluster::scratch_folder();
    let log = folder.path().join("log");
    let environment = [("DATABASE_URL", database_url.as_str()), ("LOG_FORMAT", "json")];

    let mut child = start(&environment, fs::File::create(&log).unwrap());
    let url = ready(&mut child, &log).await;
    use_token(&url, &token, &secrets).await;
    for id in family(child.id()) {
        secrets.assert_absent("a command line", &shown(id, "cmdline"));
    }
    terminate(child);

    let said = fs::read_to_string(&log).unwrap();
    assert!(said.contains("\"DEBUG\"") && said.contains("whoami"), "the log has no detail");
    secrets.assert_absent("the log", &said);
}

#[tokio::test]
async fn an_embedded_database_is_told_no_secret_that_others_can_read() {
    let folder = cluster::scratch_folder();
    let (data_dir, log) = (folder.path().join("data"), folder.path().join("log"));
    let environment = [("NOTTARIO_DATA_DIR", data_dir.to_str().unwrap()), ("LOG_FORMAT", "json")];

    let mut child = start(&environment, fs::File::create(&log).unwrap());
    ready(&mut child, &log).await;
    let mut password = String::new();
    fs::File::open(data_dir.join("password")).unwrap().read_to_string(&mut password).unwrap();
    let url = format!("postgres://nottario:{}@host/name", password.trim());
    let secrets = Secrets::of(&url, &TokenSecret::fresh());
    let family = family(child.id());
    assert!(family.len() > 3, "the database runs as our children: {family:?}");
    for id in &family {
        secrets.assert_absent("a command line", &shown(*id, "cmdline"));
        // Our own environment is where the operator put the secrets; nobody inherits it.
        if *id != child.id() {
            secrets.assert_absent("a child's environment", &shown(*id, "environ"));
        }
    }
    terminate(child);

    let said = fs::read_to_string(&log).unwrap();
    secrets.assert_absent("the log", &said);
    let said = fs::read_to_string(data_dir.join("postgres.log")).unwrap();
    secrets.assert_absent("the database's log", &said);
}

#[tokio::test]
async fn a_start_that_fails_shows_no_password() {
    let world = World::new().await;
    let right = world.database_url();
    let secrets = Secrets::of(&right, &TokenSecret::fresh());
    // A wrong database name: the server answers, and refuses.
    let wrong = format!("{}_gone", right.trim_end_matches('/'));
    for (name, value) in
        [("DATABASE_URL", wrong.as_str()), ("SESSION_KEY", &STANDARD.encode(&SESSION_KEY[..31]))]
    {
        let output = nottario(&["serve"], &[("DATABASE_URL", &right), (name, value)])
            .env("RUST_LOG", "trace")
            .output()
            .unwrap();
        assert!(!output.status.success(), "{name}");
        let said = String::from_utf8_lossy(&output.stderr);
        secrets.assert_absent("the complaint", &said);
        assert!(!said.contains(&STANDARD.encode(&SESSION_KEY[..31])), "{said}");
    }
}
