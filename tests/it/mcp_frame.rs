//! What all tools share: names, schemas, arguments, one transaction per call, and the repeat of a call.

use futures_util::future::join_all;
use nottario::config::ToolNames;
use nottario::error::{Error, Result, TAKE_ANOTHER};
use nottario::events::{self, Change, EventKind, Subject};
use nottario::mcp::answer::Answer;
use nottario::mcp::limits::Limits;
use nottario::mcp::registry::{Entry, Registry};
use nottario::mcp::tool::{Call, Effect, Tool};
use nottario::mcp::{self, names};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row as _};
use tokio::sync::Semaphore;

use crate::mcp_server::{Agent, Server, distinct, serve, serve_with};

/// Records an event; a stand-in for any change.
async fn record(call: &mut Call) -> Result<()> {
    let subject = Subject::Project(call.scope.project());
    let change = Change::new(EventKind::ProjectChanged, subject, json!({}));
    events::record(&mut call.db, &call.scope, change).await
}

/// Adds one.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Add {
    text: Option<String>,
    #[serde(default)]
    refuse: bool,
    #[serde(default)]
    panic: bool,
}

impl Tool for Add {
    const NAME: &'static str = "test.add";
    const EFFECT: Effect = Effect::ADDS;
    const LISTS_KEY: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        record(call).await?;
        if self.refuse {
            return Err(Error::not_ready("not today", TAKE_ANOTHER));
        }
        assert!(!self.panic, "a tool that panics");
        Answer::of(&json!({ "id": uuid::Uuid::new_v4(), "text": self.text }))
    }
}

/// Writes although it says that it reads.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pretender {}

impl Tool for Pretender {
    const NAME: &'static str = "test.pretender";
    const EFFECT: Effect = Effect::Read;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        record(call).await?;
        Answer::of(&json!({}))
    }
}

/// Records an event, and fails as the database does with this code.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fails {
    code: String,
}

impl Tool for Fails {
    const NAME: &'static str = "test.fails";
    const EFFECT: Effect = Effect::ADDS;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        record(call).await?;
        let code = self.code;
        let raise = format!("do $$ begin raise sqlstate '{code}' using message = 'psst'; end $$");
        sqlx::raw_sql(AssertSqlSafe(raise)).execute(&mut *call.db).await?;
        Answer::of(&json!({}))
    }
}

/// Says that it writes with one statement, and answers what a second one finds of a transaction.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Once {}

impl Tool for Once {
    const NAME: &'static str = "test.once";
    const EFFECT: Effect = Effect::ADDS;

    fn writes_once(&self) -> bool {
        true
    }

    async fn call(self, call: &mut Call) -> Result<Answer> {
        record(call).await?;
        let look = "select pg_current_xact_id_if_assigned() is not null";
        let row = sqlx::raw_sql(look).fetch_one(&mut *call.db).await?;
        Answer::of(&json!({ "in_transaction": row.get::<bool, _>(0) }))
    }
}

static STARTED: Semaphore = Semaphore::const_new(0);
static GO_ON: Semaphore = Semaphore::const_new(0);

/// Waits in the middle of its work until the test lets it go on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Slow {}

impl Tool for Slow {
    const NAME: &'static str = "test.slow";
    const EFFECT: Effect = Effect::ADDS;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        record(call).await?;
        STARTED.add_permits(1);
        GO_ON.acquire().await.unwrap().forget();
        record(call).await?;
        Answer::of(&json!({}))
    }
}

async fn serve_tests() -> Server {
    let tools = vec![
        Entry::of::<Add>(),
        Entry::of::<Pretender>(),
        Entry::of::<Fails>(),
        Entry::of::<Once>(),
        Entry::of::<Slow>(),
    ];
    serve_with(tools, Limits::lifted(), ToolNames::Underscore).await
}

const CHANGED: &str = "project.changed";

fn size(tools: &[rmcp::model::Tool]) -> usize {
    serde_json::to_string(&json!({ "tools": tools })).unwrap().len()
}

#[test]
fn the_tool_list_is_as_agreed() {
    let registry = Registry::new(mcp::tools(), ToolNames::Underscore);
    insta::assert_json_snapshot!("tools", registry.listed());
}

#[test]
fn the_tool_list_stays_small() {
    let registry = Registry::new(mcp::tools(), ToolNames::Underscore);
    let all = size(registry.listed());
    let first: Vec<_> = registry
        .entries()
        .iter()
        .zip(registry.listed())
        .filter(|(entry, _)| {
            ["whoami", "projects", "tasks"].contains(&entry.name().split('.').next().unwrap())
        })
        .map(|(_, listed)| listed.clone())
        .collect();

    assert!(first.len() > 20);
    assert!(size(&first) < 14_000, "identity and tasks: {} bytes", size(&first));
    assert!(all < 32_000, "all: {all} bytes");
}

#[test]
fn every_listed_name_is_short_unique_and_free_of_dots() {
    let registry = Registry::new(mcp::tools(), ToolNames::Underscore);
    let mut seen = std::collections::HashSet::new();
    for (entry, tool) in registry.entries().iter().zip(registry.listed()) {
        assert!(tool.name.len() <= names::LONGEST, "{}", tool.name);
        assert!(tool.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", tool.name);
        assert_eq!(tool.title.as_deref(), Some(names::title(entry.name()).as_str()));
        assert!(seen.insert(tool.name.clone()), "{} twice", tool.name);
        assert!(tool.description.as_ref().is_some_and(|text| text.len() > 10), "{}", tool.name);
        let hints = tool.annotations.as_ref().unwrap();
        assert_eq!(hints.read_only_hint.is_some(), entry.effect() == Effect::Read);
    }
}

#[test]
fn no_schema_carries_what_a_client_cannot_act_on() {
    fn walk(tool: &str, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let is_noise = ["$schema", "$ref", "$defs", "format", "x-null-clears"]
                        .contains(&name.as_str());
                    assert!(!is_noise, "{tool}: {name}");
                    walk(tool, member);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(tool, item)),
            _ => {}
        }
    }
    for tool in Registry::new(mcp::tools(), ToolNames::Underscore).listed() {
        let schema = Value::Object((*tool.input_schema).clone());
        walk(&tool.name, &schema);
        assert_eq!(schema["type"], "object", "{}", tool.name);
        assert_eq!(schema["additionalProperties"], false, "{}", tool.name);
        assert!(schema["properties"].is_object(), "{}", tool.name);
        let lists_project = schema["properties"].get("project_id").is_some();
        assert_eq!(lists_project, tool.name == "nottario_projects_get", "{}", tool.name);
    }
}

#[tokio::test]
async fn a_tool_answers_to_every_spelling_of_its_name() {
    let server = serve().await;
    for name in [
        "nottario_projects_list_roles",
        "nottario.projects.list_roles",
        "projects_list_roles",
        "projects.list_roles",
    ] {
        assert_eq!(server.agent.ok(name, json!({})).await["roles"].as_array().unwrap().len(), 4);
    }

    let unknown = server.agent.rpc("tools/call", json!({ "name": "projects.drop" })).await;
    assert_eq!(unknown["error"]["code"], -32602);
    assert!(unknown["error"]["message"].as_str().unwrap().contains("projects.drop"));
}

#[tokio::test]
async fn the_setting_lists_dotted_names() {
    let server = serve_with(mcp::tools(), Limits::lifted(), ToolNames::Dotted).await;
    let tools = server.agent.tools().await;
    assert!(tools.iter().any(|tool| tool["name"] == "nottario.projects.get"));
    assert!(server.agent.ok("nottario_projects_get", json!({})).await["slug"] == "atlas");
}

#[tokio::test]
async fn arguments_may_be_left_out_and_none_is_ignored() {
    let server = serve_tests().await;

    let bare = server.agent.rpc("tools/call", json!({ "name": "test.add" })).await;
    assert!(bare["result"]["structuredContent"]["id"].is_string());

    for (arguments, expected) in [
        (
            json!({"texts": "x"}),
            "invalid: texts: unknown argument; this tool takes panic, refuse, text. \
             Next: correct the argument and call again; nothing was written.",
        ),
        (
            json!({"text": 5}),
            "invalid: text: expected a string, got integer `5`. \
             Next: correct the argument and call again; nothing was written.",
        ),
    ] {
        assert_eq!(server.agent.refused("test.add", arguments).await, expected);
    }
    let on_a_read = server.agent.refused("test.pretender", json!({"idempotency_key": "k"})).await;
    assert!(on_a_read.starts_with("invalid: idempotency_key: unknown argument"), "{on_a_read}");
    assert_eq!(server.events(CHANGED).await, 1, "only the call without arguments");
}

#[tokio::test]
async fn only_the_own_project_can_be_named() {
    let server = serve_tests().await;
    let other = server.other_project("borealis").await;
    let own = [server.agent.project.to_string(), "atlas".to_owned(), "ATL".to_owned()];
    for project in own {
        server.agent.ok("test.add", json!({ "project_id": project })).await;
    }

    let random = uuid::Uuid::new_v4().to_string();
    for project in [other.project.to_string(), "borealis".to_owned(), "nowhere".to_owned(), random]
    {
        let text = server.agent.refused("test.add", json!({ "project_id": project })).await;
        let expected = format!(
            "scope: token scoped to project atlas, request targets {project}. \
             Next: leave project_id out, or use a token of that project."
        );
        assert_eq!(text, expected);
    }
    assert_eq!(server.events(CHANGED).await, 3);
}

#[tokio::test]
async fn a_refused_call_has_written_nothing_and_a_panic_harms_only_its_own_call() {
    let server = serve_tests().await;

    let refused = server.agent.refused("test.add", json!({"refuse": true})).await;
    assert!(refused.starts_with("not_ready: not today. Next: "), "{refused}");

    let panicked = server.agent.refused("test.add", json!({"panic": true})).await;
    assert!(panicked.starts_with("internal: something went wrong on our side, reference "));
    assert!(!panicked.contains("a tool that panics"));

    assert_eq!(server.events(CHANGED).await, 0);
    server.agent.ok("test.add", json!({})).await;
    assert_eq!(server.events(CHANGED).await, 1);
}

#[tokio::test]
async fn a_call_that_gave_way_to_others_is_told_to_come_again_and_has_written_nothing() {
    let server = serve_tests().await;
    for (code, expected) in [
        ("40001", "busy: "),
        ("40P01", "busy: "),
        ("55P03", "busy: "),
        ("57014", "busy: "),
        ("53100", "internal: "),
    ] {
        let said = server.agent.refused("test.fails", json!({ "code": code })).await;
        assert!(said.starts_with(expected), "{code}: {said}");
        assert!(said.contains("reference ") && !said.contains("psst"), "{said}");
    }
    assert_eq!(server.events(CHANGED).await, 0);
}

#[tokio::test]
async fn a_tool_that_writes_once_has_a_transaction_only_for_the_sake_of_a_key() {
    let server = serve_tests().await;

    let plain = server.agent.ok("test.once", json!({})).await;
    let keyed = server.agent.ok("test.once", json!({ "idempotency_key": "k" })).await;
    let again = server.agent.ok("test.once", json!({ "idempotency_key": "k" })).await;

    assert_eq!(plain["in_transaction"], false);
    assert_eq!(keyed["in_transaction"], true);
    assert_eq!(again, keyed);
    assert_eq!(server.events(CHANGED).await, 2);
}

#[tokio::test]
async fn a_tool_that_says_it_reads_cannot_write() {
    let server = serve_tests().await;
    let refused = server.agent.refused("test.pretender", json!({})).await;
    assert!(refused.starts_with("internal: "), "{refused}");
    assert_eq!(server.events(CHANGED).await, 0);
}

#[tokio::test]
async fn a_call_whose_caller_is_gone_runs_to_its_end() {
    let server = serve_tests().await;
    let agent = server.agent.clone();
    let caller = tokio::spawn(async move { agent.call("test.slow", json!({})).await });
    STARTED.acquire().await.unwrap().forget();

    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    GO_ON.add_permits(1);
    server.calls.close();
    server.calls.wait().await;

    assert_eq!(server.events(CHANGED).await, 2, "all of the effect");
}

#[tokio::test]
async fn a_repeated_call_has_one_effect_and_the_same_answer() {
    let server = serve_tests().await;
    let arguments = json!({"text": "x", "idempotency_key": "k1"});

    let first = server.agent.ok("test.add", arguments.clone()).await;
    let again = server.agent.ok("nottario_test_add", arguments.clone()).await;

    assert_eq!(first, again);
    assert_eq!(server.events(CHANGED).await, 1);
    let other = server.agent.ok("test.add", json!({"text": "x", "idempotency_key": "k2"})).await;
    assert_ne!(first["id"], other["id"]);
}

#[tokio::test]
async fn a_key_belongs_to_one_call_of_one_token() {
    let server = serve_tests().await;
    let arguments = json!({"text": "x", "idempotency_key": "k"});
    let first = server.agent.ok("test.add", arguments.clone()).await;

    for (tool, arguments) in [
        ("test.add", json!({"text": "y", "idempotency_key": "k"})),
        ("test.slow", json!({"idempotency_key": "k"})),
    ] {
        let refused = server.agent.refused(tool, arguments).await;
        assert!(
            refused.starts_with(
                "invalid: idempotency_key: it names an earlier call of test.add with other arguments"
            ),
            "{refused}"
        );
    }
    let other = server.other_project("borealis").await.ok("test.add", arguments).await;
    assert_ne!(first["id"], other["id"]);
    assert_eq!(server.events(CHANGED).await, 2);
}

#[tokio::test]
async fn a_call_that_was_refused_can_be_made_again_with_its_key() {
    let server = serve_tests().await;
    let refused = json!({"refuse": true, "idempotency_key": "k"});
    server.agent.refused("test.add", refused).await;

    server.agent.ok("test.add", json!({"idempotency_key": "k"})).await;
    assert_eq!(server.events(CHANGED).await, 1);
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day() {
    let server = serve_tests().await;
    let arguments = json!({"idempotency_key": "k"});
    let first = server.agent.ok("test.add", arguments.clone()).await;
    let age = |interval: &str| {
        format!("update idempotency_keys set created_at = now() - interval '{interval}'")
    };

    server.world.run(age("23 hours 59 minutes")).await;
    assert_eq!(server.agent.ok("test.add", arguments.clone()).await, first);

    server.world.run(age("24 hours 1 minute")).await;
    let later = server.agent.ok("test.add", arguments.clone()).await;
    assert_ne!(later, first);
    assert_eq!(server.agent.ok("test.add", arguments).await, later);
    assert_eq!(server.events(CHANGED).await, 2);
}

#[tokio::test]
async fn a_hundred_duplicates_at_once_have_one_effect() {
    let server = serve_tests().await;
    let call = |agent: Agent| async move {
        agent.ok("test.add", json!({"text": "x", "idempotency_key": "same"})).await
    };

    let answers = join_all((0..100).map(|_| call(server.agent.clone()))).await;

    assert_eq!(distinct(&answers, "id"), 1);
    assert_eq!(server.events(CHANGED).await, 1);
}
