//! A served agents' surface, with a project in it, and a client that speaks plain HTTP.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::Utc;
use nottario::access::InstanceScope;
use nottario::config::{IpRange, ToolNames};
use nottario::identity::tokens::{self, NewToken};
use nottario::identity::users::{self, NewUser};
use nottario::ids::{ProjectId, TokenId};
use nottario::mcp::limits::Limits;
use nottario::mcp::registry::Entry;
use nottario::mcp::{self, Services, Settings, Surface};
use nottario::projects::{self, NewProject};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cluster::{self, TestDatabase};

/// A running surface with one project.
pub(crate) struct Server {
    pub(crate) database: TestDatabase,
    pub(crate) address: SocketAddr,
    /// An owner's agent in the project `atlas`.
    pub(crate) agent: Agent,
    pub(crate) calls: TaskTracker,
    pub(crate) stopping: CancellationToken,
    /// How often committed changes were announced.
    pub(crate) woken: Arc<AtomicU32>,
}

/// A token of a project.
#[derive(Clone)]
pub(crate) struct Agent {
    pub(crate) token: String,
    pub(crate) token_id: TokenId,
    pub(crate) project: ProjectId,
    pub(crate) slug: String,
    address: SocketAddr,
    http: reqwest::Client,
}

/// What a tool answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) is_error: bool,
    pub(crate) structured: Option<Value>,
    pub(crate) text: String,
}

/// Serves all tools, without limits.
pub(crate) async fn serve() -> Server {
    serve_with(mcp::tools(), Limits::lifted(), ToolNames::Underscore).await
}

/// Serves the tools given.
pub(crate) async fn serve_with(tools: Vec<Entry>, limits: Limits, names: ToolNames) -> Server {
    let database = cluster::database().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = Settings {
        public_url: format!("http://{address}").parse().unwrap(),
        tool_names: names,
        trusted_proxies: IpRange::loopback_and_private(),
        limits,
    };
    let woken = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&woken);
    let stopping = CancellationToken::new();
    let services = Services {
        pool: database.pool.clone(),
        wake: Arc::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
        }),
        stopping: stopping.clone(),
    };
    let surface = Surface::with_tools(settings, services, tools);
    let calls = surface.calls();
    let app = surface.router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let agent = agent_of(&database, address, "atlas").await;
    Server { database, address, agent, calls, stopping, woken }
}

impl Server {
    /// Another project's owner's agent.
    pub(crate) async fn other_project(&self, slug: &str) -> Agent {
        agent_of(&self.database, self.address, slug).await
    }

    /// How many events have been written, numbered or not.
    pub(crate) async fn events(&self, kind: &str) -> usize {
        let sql = format!(
            "select 'x' from event_outbox where kind = '{kind}' \
             union all select 'x' from events where kind = '{kind}'"
        );
        cluster::ask(&self.database.connect_options, &sql).await.len()
    }
}

/// Makes a project with an owner of its own, and a token of that owner.
async fn agent_of(database: &TestDatabase, address: SocketAddr, slug: &str) -> Agent {
    let operator = InstanceScope::operator();
    let mut db = database.pool.begin().await.unwrap();
    let user = NewUser { login: format!("{slug}-owner").parse().unwrap(), display_name: None };
    let owner = users::create(&mut db, operator, &user).await.unwrap();
    let project = NewProject {
        name: nottario::text::Line::parse(slug).unwrap(),
        slug: Some(slug.parse().unwrap()),
        key: None,
        owner: owner.id,
    };
    let scope = projects::create(&mut db, operator, &project).await.unwrap();
    let token = NewToken {
        user: owner.id,
        name: nottario::text::Line::parse("bot").unwrap(),
        default_role: None,
        expires_at: None,
    };
    let issued = tokens::issue(&mut db, &scope, &token, Utc::now()).await.unwrap();
    db.commit().await.unwrap();
    Agent {
        token: issued.secret.expose().to_owned(),
        token_id: issued.id,
        project: scope.project(),
        slug: slug.to_owned(),
        address,
        http: client(),
    }
}

/// A client of its own, with its own connections.
pub(crate) fn client() -> reqwest::Client {
    // The first test to come installs it; for the others it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

impl Agent {
    /// A request to the endpoint with what every client sends.
    pub(crate) fn request(&self, body: &Value) -> reqwest::RequestBuilder {
        self.http
            .post(format!("http://{}/mcp", self.address))
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-11-25")
            .bearer_auth(&self.token)
            .json(body)
    }

    /// One request of the protocol and its whole answer.
    pub(crate) async fn rpc(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let response = self.request(&body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{method}");
        response.json().await.unwrap()
    }

    /// Calls a tool.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Answered {
        let answer = self.rpc("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        let result = answer.get("result").unwrap_or_else(|| panic!("{tool}: {answer}"));
        Answered {
            is_error: result["isError"] == true,
            structured: result.get("structuredContent").cloned(),
            text: result["content"][0]["text"].as_str().unwrap().to_owned(),
        }
    }

    /// Calls a tool that is to succeed; its structured answer.
    pub(crate) async fn ok(&self, tool: &str, arguments: Value) -> Value {
        let answered = self.call(tool, arguments.clone()).await;
        assert!(!answered.is_error, "{tool} {arguments}: {}", answered.text);
        let structured = answered.structured.unwrap();
        assert_eq!(serde_json::from_str::<Value>(&answered.text).unwrap(), structured);
        structured
    }

    /// Calls a tool that is to be refused; the text of the refusal.
    pub(crate) async fn refused(&self, tool: &str, arguments: Value) -> String {
        let answered = self.call(tool, arguments.clone()).await;
        assert!(answered.is_error, "{tool} {arguments}: {}", answered.text);
        assert!(answered.structured.is_none());
        answered.text
    }

    /// The listed tools.
    pub(crate) async fn tools(&self) -> Vec<Value> {
        self.rpc("tools/list", json!({})).await["result"]["tools"].as_array().unwrap().clone()
    }
}

/// The values at one member of many objects, without repetition.
pub(crate) fn distinct(values: &[Value], member: &str) -> usize {
    values.iter().map(|value| value[member].to_string()).collect::<HashSet<_>>().len()
}
