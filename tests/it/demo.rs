//! The demo: its backlog keeps the rules, and the command does what it says.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};

use chrono::Utc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use nottario::access::{self, InstanceScope, ProjectScope};
use nottario::cli::demo::{seed, story};
use nottario::identity::users::{self, NewUser};
use nottario::identity::{LinkSecret, TokenSecret, authenticate, links};
use nottario::projects::{self, NewProject};
use nottario::tasks::{self, Card, ClaimFilter, Filter, Lease, TaskState, TaskType};
use nottario::text::Line;
use rmcp::ServiceExt as _;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::cluster;
use crate::server::{complaint, nottario, run};

/// Seeds an empty database, and enters the demo's project as its reader.
async fn seeded(db: &mut PgConnection) -> ProjectScope {
    let project = seed::seed(db).await.unwrap();
    seed::enter_as_reader(db, project).await.unwrap()
}

async fn all_tasks(db: &mut PgConnection, scope: &ProjectScope) -> Vec<Card> {
    let everything = Filter { include_closed: true, ..Filter::default() };
    let page = tasks::list(db, scope, &everything, None, 500).await.unwrap();
    assert!(!page.has_more);
    page.rows
}

#[tokio::test]
async fn the_story_keeps_every_rule_of_the_queue() {
    let database = cluster::database().await;
    let mut db = database.pool.begin().await.unwrap();

    let scope = seeded(&mut db).await;
    seed::add_ideas(&mut db, &scope, 60).await.unwrap();

    let drift = tasks::drift(&mut db, &scope).await.unwrap();
    assert!(drift.is_empty(), "{drift:?}");
    assert_eq!(tasks::inconsistencies(&mut db, &scope).await.unwrap(), []);
}

#[tokio::test]
async fn the_story_shows_everything_that_a_board_can_show() {
    let database = cluster::database().await;
    let mut db = database.pool.begin().await.unwrap();

    let scope = seeded(&mut db).await;

    let tasks = all_tasks(&mut db, &scope).await;
    let count = |wanted: &dyn Fn(&Card) -> bool| tasks.iter().filter(|task| wanted(task)).count();
    for state in [TaskState::Todo, TaskState::Doing, TaskState::Done, TaskState::WontDo] {
        assert!(count(&|task| task.state == state) > 0, "no task is {state}");
    }
    let is_open = |task: &Card| task.state == TaskState::Todo;
    assert!(count(&|task| is_open(task) && task.ready) > 5, "too little can be taken");
    assert!(count(&|task| is_open(task) && !task.ready) > 5, "too little waits");
    assert!(count(&|task| task.kind == TaskType::Bug) >= 2);
    assert!(count(&|task| task.kind == TaskType::Feature) >= 5);
    assert!(count(&|task| is_open(task) && task.assignee.as_deref() == Some("morgan")) >= 1);
    for role in projects::list_roles(&mut db, &scope).await.unwrap() {
        let asks = |task: &Card| is_open(task) && task.target_role.as_ref() == Some(&role.key);
        assert!(count(&asks) > 0, "nothing is to be done for {}", role.key);
    }
    let buckets: HashSet<_> = tasks.iter().filter_map(|task| task.priority_key.clone()).collect();
    assert_eq!(buckets.len(), 4);
    assert!(projects::list_members(&mut db, &scope).await.unwrap().len() >= 4);

    let (mut comments, mut commits) = (0, 0);
    for task in tasks.iter().filter(|task| task.state == TaskState::Done) {
        comments += tasks::comments(&mut db, &scope, task.id, None, 10).await.unwrap().len();
        commits += tasks::commits(&mut db, &scope, task.id, 10).await.unwrap().len();
    }
    assert!(comments >= 3 && commits >= 3, "{comments} comments, {commits} commits");
}

#[tokio::test]
async fn as_many_tasks_are_added_as_were_asked_for() {
    let database = cluster::database().await;
    let mut db = database.pool.begin().await.unwrap();
    let scope = seeded(&mut db).await;
    let mut before = all_tasks(&mut db, &scope).await.len();

    for many in [0, 1, 2, 5, 6, 23] {
        seed::add_ideas(&mut db, &scope, many).await.unwrap();
        let now = all_tasks(&mut db, &scope).await.len();
        assert_eq!(now - before, many);
        before = now;
    }
    let drift = tasks::drift(&mut db, &scope).await.unwrap();
    assert!(drift.is_empty(), "{drift:?}");
}

/// A running `nottario demo` whose output is read by a program; killed when dropped.
struct Demo {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    url: String,
    sign_in: String,
    token: String,
}

impl Demo {
    /// Starts a demo and reads its introduction.
    fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Demo {
        let arguments = [&["demo"][..], arguments].concat();
        let mut child = nottario(&arguments, environment)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut introduction = String::new();
        while !introduction.contains("claude mcp add") {
            let Some(line) = lines.next() else {
                let mut complaint = String::new();
                child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
                panic!("the demo ended: {introduction}{complaint}");
            };
            introduction.push_str(&line.unwrap());
            introduction.push('\n');
        }
        let after = |mark: &str| {
            let rest = introduction.split(mark).nth(1).unwrap_or_else(|| panic!("{introduction}"));
            rest.split(['"', '\n', ' ']).next().unwrap().to_owned()
        };
        let (url, token) = (after("Nottario demo: "), after("Bearer "));
        Demo { child, lines, url, sign_in: after("/login/local?key="), token }
    }

    /// Starts a demo on this folder.
    fn in_folder(folder: &Path, arguments: &[&str]) -> Demo {
        Demo::start(arguments, &[("NOTTARIO_DATA_DIR", folder.to_str().unwrap())])
    }

    /// Reads on until so many lines say this, and answers them.
    fn lines_with(&mut self, text: &str, many: usize) -> Vec<String> {
        let lines = self.lines.by_ref().map(Result::unwrap);
        let found: Vec<_> = lines.filter(|line| line.contains(text)).take(many).collect();
        assert_eq!(found.len(), many, "the demo ended before that");
        found
    }

    /// Sends SIGTERM, reads what comes still, and waits for the end.
    fn terminate(mut self) -> (ExitStatus, Vec<String>) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
        let rest = self.lines.by_ref().map(Result::unwrap).collect();
        (self.child.wait().unwrap(), rest)
    }

    /// Calls a tool as the reader's own agent.
    async fn call(&self, tool: &'static str, arguments: Value) -> Value {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let address = format!("{}/mcp", self.url);
        let config =
            StreamableHttpClientTransportConfig::with_uri(address).auth_header(self.token.as_str());
        let client = ().serve(StreamableHttpClientTransport::from_config(config)).await.unwrap();
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let call = CallToolRequestParams::new(tool).with_arguments(arguments);
        let answer = client.call_tool(call).await.unwrap();
        client.cancel().await.unwrap();
        answer.structured_content.unwrap_or_else(|| panic!("{:?}", answer.content))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn agents_close_tasks_and_a_supervisor_ends_the_demo_cleanly() {
    let database = cluster::empty_database().await;
    let folder = cluster::scratch_folder();
    let (url, data_dir) = (database.url(), folder.path().to_str().unwrap());
    let environment = [("DATABASE_URL", url.as_str()), ("NOTTARIO_DATA_DIR", data_dir)];

    let mut demo = Demo::start(&["--agents", "3", "--tasks", "20"], &environment);
    let claimed = demo.lines_with(" claimed ATL-", 3);
    let closed = demo.lines_with(" closed ATL-", 3);
    let me = demo.call("nottario_whoami", json!({})).await;
    let project = demo.call("nottario_projects_get", json!({})).await;
    let sign_in = LinkSecret::parse(&demo.sign_in).unwrap();
    let (status, rest) = demo.terminate();

    for line in claimed.iter().chain(&closed) {
        assert!(!line.contains('\u{1b}'), "an escape code in {line:?}");
        assert_eq!(line.as_bytes()[2], b':', "no time in {line:?}");
    }
    assert_eq!((&me["github_login"], &me["token_name"]), (&json!("morgan"), &json!("yours")));
    assert!(project["stats"]["done"].as_i64().unwrap() > 5, "{project}");
    assert_eq!(status.code(), Some(0), "{rest:?}");
    assert!(rest.last().unwrap().starts_with("Stopped."), "{rest:?}");

    let mut db = database.pool.acquire().await.unwrap();
    let reader = links::redeem(&mut db, &sign_in, Utc::now()).await.unwrap().unwrap();
    assert_eq!((reader.login.as_str(), reader.is_admin), ("morgan", true));
    let operator = InstanceScope::operator();
    let atlas = projects::resolve(&mut db, operator, "ATL").await.unwrap();
    let scope = seed::enter_as_reader(&mut db, atlas).await.unwrap();
    let drift = tasks::drift(&mut db, &scope).await.unwrap();
    assert!(drift.is_empty(), "{drift:?}");
    let doing = Filter { state: Some(TaskState::Doing), ..Filter::default() };
    let left = tasks::list(&mut db, &scope, &doing, None, 100).await.unwrap().rows;
    let of_agents = left.iter().filter(|task| task.held_by.as_ref().unwrap().who.token.is_some());
    assert_eq!(of_agents.count(), 0, "agents gave back what they held: {left:?}");
}

#[tokio::test]
async fn the_next_demo_goes_on_and_a_fresh_one_begins_anew() {
    let folder = cluster::scratch_folder();
    let quiet = ["--agents", "0", "--tasks", "0"];

    let first = Demo::in_folder(folder.path(), &quiet);
    let new = json!({ "title": "Written in the first demo" });
    first.call("nottario_tasks_create", new.clone()).await;
    let token = first.token.clone();
    let (ended, _) = first.terminate();

    let second = Demo::in_folder(folder.path(), &quiet);
    let search = json!({ "q": "Written in the first demo" });
    let found = second.call("nottario_tasks_list", search.clone()).await;
    let is_same_token = second.token == token;
    second.terminate();

    let third = Demo::in_folder(folder.path(), &["--agents", "0", "--tasks", "0", "--fresh"]);
    let forgotten = third.call("nottario_tasks_list", search).await;
    let stats = third.call("nottario_projects_get", json!({})).await;
    let is_other_token = third.token != token;
    third.terminate();

    assert_eq!(ended.code(), Some(0));
    assert_eq!(found["tasks"].as_array().unwrap().len(), 1, "{found}");
    assert!(is_same_token, "the reader's agent has to be set up again");
    assert_eq!(forgotten["tasks"], json!([]), "{forgotten}");
    let story = story::features().iter().map(|feature| feature.tasks.len() + 1).sum::<usize>()
        + story::loose().len();
    let counted: i64 = stats["stats"].as_object().unwrap().values().filter_map(Value::as_i64).sum();
    assert_eq!(usize::try_from(counted).unwrap(), story);
    assert!(is_other_token);
}

#[tokio::test]
async fn an_agent_that_was_cut_off_finishes_its_own_work_first() {
    let database = cluster::empty_database().await;
    let folder = cluster::scratch_folder();
    let (url, data_dir) = (database.url(), folder.path().to_str().unwrap());
    let environment = [("DATABASE_URL", url.as_str()), ("NOTTARIO_DATA_DIR", data_dir)];
    Demo::start(&["--agents", "1"], &environment).terminate();
    let mut db = database.pool.begin().await.unwrap();
    let scope = enter_as_agent(&mut db, &folder.path().join("demo/demo.json"), "claude-1").await;
    let nothing_special = ClaimFilter::default();
    let claimed = tasks::claim_next(&mut db, &scope, &nothing_special, Lease::OfProject).await;
    let held = claimed.unwrap().unwrap().task.card.key;
    db.commit().await.unwrap();

    let mut demo = Demo::start(&["--agents", "1"], &environment);
    let first_word = demo.lines_with("claude-1 ", 1).remove(0);
    let (status, _) = demo.terminate();

    let mut words = first_word.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    assert!(words.any(|word| word == held), "{first_word}, and it holds {held}");
    assert!(!first_word.contains(" claimed "), "{first_word}");
    assert_eq!(status.code(), Some(0));
}

/// Enters the demo's project by the token that its notebook has under this name.
async fn enter_as_agent(db: &mut PgConnection, notebook: &Path, name: &str) -> ProjectScope {
    let notebook: Value = serde_json::from_slice(&std::fs::read(notebook).unwrap()).unwrap();
    let (_, project) = notebook.as_object().unwrap().iter().next().unwrap();
    let secret = TokenSecret::parse(project["tokens"][name].as_str().unwrap()).unwrap();
    let token = authenticate(&mut *db, &secret, Utc::now()).await.unwrap().unwrap();
    access::enter(db, &token.caller, token.project).await.unwrap()
}

#[tokio::test]
async fn somebody_elses_instance_is_left_alone() {
    let database = cluster::database().await;
    let operator = InstanceScope::operator();
    let mut db = database.pool.begin().await.unwrap();
    let new = NewUser { login: "somebody".parse().unwrap(), display_name: None };
    let owner = users::create(&mut db, operator, &new).await.unwrap().id;
    db.commit().await.unwrap();
    let folder = cluster::scratch_folder();
    let (url, data_dir) = (database.url(), folder.path().to_str().unwrap());
    let environment = [("DATABASE_URL", url.as_str()), ("NOTTARIO_DATA_DIR", data_dir)];

    let without_projects = run(&["demo", "--fresh"], &environment);
    let mut db = database.pool.begin().await.unwrap();
    let name = Line::parse("Real").unwrap();
    let new = NewProject { name, slug: None, key: None, owner };
    projects::create(&mut db, operator, &new).await.unwrap();
    db.commit().await.unwrap();
    let with_a_project = run(&["demo", "--fresh"], &environment);

    for refused in [&without_projects, &with_a_project] {
        assert_eq!(refused.status.code(), Some(2));
        assert!(complaint(refused).contains("DATABASE_URL"), "{}", complaint(refused));
        assert_eq!(complaint(refused).lines().count(), 1, "{}", complaint(refused));
    }
    assert!(complaint(&with_a_project).contains("\"real\""), "{}", complaint(&with_a_project));
    let mut db = database.pool.acquire().await.unwrap();
    let left = projects::list(&mut db, operator).await.unwrap();
    assert_eq!(left.iter().map(|project| project.slug.as_str()).collect::<Vec<_>>(), ["real"]);
}

#[test]
fn a_taken_port_is_said_before_anything_is_made() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let folder = cluster::scratch_folder();
    let data_dir = folder.path().to_str().unwrap();

    let refused = run(&["demo"], &[("HTTP_ADDR", &address), ("NOTTARIO_DATA_DIR", data_dir)]);

    assert_eq!(refused.status.code(), Some(2));
    assert!(complaint(&refused).contains("HTTP_ADDR"), "{}", complaint(&refused));
    assert!(!folder.path().join("demo").exists());
}
