//! The whole server in this process, on a free port, and plain HTTP clients of its agents' endpoint.
//!
//! The limits are lifted, and a connection to the database is waited for; what both do otherwise
//! has tests of its own.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nottario::app::{App, Limits, Running};
use nottario::config::Config;
use nottario::db::Database;
use nottario::mcp;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row as _};

use crate::world::{Agent, SESSION_KEY, World};

/// What changes without anybody's call: used tokens, ticks of schedules, the record of migrations.
const NOT_CONTENT: [&str; 2] = ["schedule_ticks", "_sqlx_migrations"];

/// A running server.
pub(crate) struct TestServer {
    /// Its database.
    pub(crate) world: World,
    running: Running,
    http: reqwest::Client,
}

/// One agent, calling.
#[derive(Clone)]
pub(crate) struct Client {
    token: String,
    url: String,
    http: reqwest::Client,
}

/// What a tool answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Whether it is a refusal.
    pub(crate) is_error: bool,
    /// The facts, when it is none.
    pub(crate) facts: Value,
    /// What the agent reads.
    pub(crate) text: String,
}

impl TestServer {
    /// Starts a server on a database of its own.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts a server with these settings beside, or in place of, the usual ones.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let (world, http) = (World::new().await, http());
        let running = start_app(&world, settings).await;
        Self { world, running, http }
    }

    /// Where it listens, whatever address people are told.
    pub(crate) fn listens_at(&self) -> String {
        format!("http://{}", self.running.address)
    }

    /// The address of the agents' endpoint.
    pub(crate) fn endpoint(&self) -> String {
        format!("{}/mcp", self.running.url())
    }

    /// The address that people reach.
    pub(crate) fn url(&self) -> String {
        self.running.url()
    }

    /// An agent's client. All clients of a server share their kept connections.
    pub(crate) fn client(&self, agent: &Agent) -> Client {
        Client::new(agent, self.endpoint(), self.http.clone())
    }

    /// The content of every table, as one digest each; equal means that nothing was written.
    pub(crate) async fn fingerprint(&self) -> BTreeMap<String, String> {
        fingerprint(&self.world).await
    }

    /// Stops it; a test that ends without this leaves its tasks to the runtime.
    pub(crate) async fn stop(self) {
        self.running.stop().await;
    }
}

impl Client {
    /// An agent's client of an endpoint.
    pub(crate) fn new(agent: &Agent, url: String, http: reqwest::Client) -> Self {
        Self { token: agent.secret.expose().to_owned(), url, http }
    }

    /// A request with what every client sends, and this body.
    pub(crate) fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.http
            .post(&self.url)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("mcp-protocol-version", "2025-11-25")
            .bearer_auth(&self.token)
            .body(body)
    }

    /// A request of any other kind, with the token.
    pub(crate) fn request(&self, method: reqwest::Method) -> RequestBuilder {
        self.http.request(method, &self.url).bearer_auth(&self.token)
    }

    /// A request of any kind, without the token.
    pub(crate) fn without_token(&self, method: reqwest::Method) -> RequestBuilder {
        self.http.request(method, &self.url)
    }

    /// Sends a call of a tool.
    pub(crate) async fn send(&self, tool: &str, arguments: &Value) -> Response {
        self.post(call_of(&json!(1), tool, arguments).to_string()).send().await.unwrap()
    }

    /// Calls a tool.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Answer {
        let response = self.send(tool, &arguments).await;
        assert_eq!(response.status(), StatusCode::OK, "{tool} {arguments}");
        let message: Value = response.json().await.unwrap();
        Answer::of(&message).unwrap_or_else(|| panic!("{tool} {arguments}: {message}"))
    }

    /// Calls a tool that is to succeed, and gives its facts.
    pub(crate) async fn ok(&self, tool: &str, arguments: Value) -> Value {
        let answer = self.call(tool, arguments.clone()).await;
        assert!(!answer.is_error, "{tool} {arguments}: {}", answer.text);
        answer.facts
    }

    /// Calls a tool that is to be refused, and gives the refusal.
    pub(crate) async fn refused(&self, tool: &str, arguments: Value) -> String {
        let answer = self.call(tool, arguments.clone()).await;
        assert!(answer.is_error, "{tool} {arguments}: {}", answer.text);
        answer.text
    }
}

impl Answer {
    /// The answer of a tool in a message of the protocol; `None` when it is an error of the protocol.
    pub(crate) fn of(message: &Value) -> Option<Self> {
        let result = message.get("result")?;
        let is_error = result["isError"] == true;
        let facts = result["structuredContent"].clone();
        // Errors carry no structured content: one widely used client would drop their text.
        assert_eq!(facts.is_null(), is_error, "{message}");
        Some(Self { is_error, facts, text: result["content"][0]["text"].as_str()?.to_owned() })
    }
}

/// One call of a tool, as the protocol writes it.
pub(crate) fn call_of(id: &Value, tool: &str, arguments: &Value) -> Value {
    let params = json!({ "name": tool, "arguments": arguments });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
}

/// A client with connections of its own, which it keeps.
pub(crate) fn http() -> reqwest::Client {
    // The first test to come installs it; for the others it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

async fn start_app(world: &World, settings: &[(&str, &str)]) -> Running {
    let session_key = STANDARD.encode(SESSION_KEY);
    let usual = [
        ("HTTP_ADDR", "localhost:0"),
        ("NOTTARIO_DATA_DIR", "unused"),
        ("SESSION_KEY", session_key.as_str()),
    ];
    let config = Config::read(&|name| {
        let found = settings.iter().chain(&usual).find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    })
    .unwrap();
    let database = Database::with_pool(world.pool_of(20));
    let limits = Limits { agents: mcp::limits::Limits::lifted(), ..Limits::default() };
    App::start(config, database, limits).await.unwrap()
}

async fn fingerprint(world: &World) -> BTreeMap<String, String> {
    // Numbering moves events from one table to the other; that is no change of anybody's.
    world.relay().await;
    let digests = tables(world)
        .await
        .iter()
        .map(|table| {
            format!(
                "select '{table}', coalesce(md5(string_agg(row, e'\\n' order by row)), 'empty') \
                 from (select (to_jsonb(t) - 'last_used_at')::text as row from {table} t) rows"
            )
        })
        .collect::<Vec<_>>()
        .join(" union all ");
    let rows = sqlx::raw_sql(AssertSqlSafe(digests)).fetch_all(&world.pool).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn tables(world: &World) -> Vec<String> {
    let sql = "select table_name::text from information_schema.tables \
               where table_schema = 'public' and table_type = 'BASE TABLE' order by 1";
    let rows = sqlx::raw_sql(sql).fetch_all(&world.pool).await.unwrap();
    let names = rows.iter().map(|row| row.get::<String, _>(0));
    names.filter(|name| !NOT_CONTENT.contains(&name.as_str())).collect()
}
