//! A served agents' surface, with a project in it, and a client that speaks plain HTTP.

use std::collections::HashSet;
use std::net::SocketAddr;

use nottario::config::{IpRange, ToolNames};
use nottario::events::{Listener, Relay};
use nottario::ids::{ProjectId, TokenId};
use nottario::mcp::limits::Limits;
use nottario::mcp::registry::Entry;
use nottario::mcp::{self, Services, Settings, Surface};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::world::{ProjectFixture, World};

/// A running surface with one project.
pub(crate) struct Server {
    pub(crate) world: World,
    pub(crate) atlas: ProjectFixture,
    pub(crate) address: SocketAddr,
    /// An owner's agent in the project `atlas`.
    pub(crate) agent: Agent,
    pub(crate) calls: TaskTracker,
    pub(crate) stopping: CancellationToken,
}

/// A token of a project, and a client that sends it.
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
pub(crate) async fn serve_with(tools: Vec<Entry>, limits: Limits, tool_names: ToolNames) -> Server {
    let world = World::new().await;
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let background = world.pool_of(3);
    let (listener, feed) = Listener::start(background.clone(), background.clone()).await.unwrap();
    let relay = Relay::new(background);
    let handle = relay.handle();
    // Both end with the test's runtime.
    tokio::spawn(listener.run(CancellationToken::new()));
    tokio::spawn(relay.run(CancellationToken::new()));
    let stopping = CancellationToken::new();
    let settings = Settings {
        public_url: format!("http://{address}").parse().unwrap(),
        tool_names,
        trusted_proxies: IpRange::loopback_and_private(),
        limits,
    };
    let services =
        Services { pool: world.pool.clone(), relay: handle, feed, stopping: stopping.clone() };
    let surface = Surface::with_tools(settings, services, tools);
    let calls = surface.calls();
    let app = surface.router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(tcp, app).await.unwrap() });

    let atlas = world.project("atlas").await;
    let agent = Agent::of(&atlas, &atlas.agent("bot").await, address);
    Server { world, atlas, address, agent, calls, stopping }
}

impl Server {
    /// An agent of another project, with an owner of its own.
    pub(crate) async fn other_project(&self, slug: &str) -> Agent {
        let owner = self.world.user(&format!("{slug}-owner")).await;
        let project = self.world.project_of(slug, &owner).await;
        Agent::of(&project, &project.agent("bot").await, self.address)
    }

    /// Another agent in the same project, of its owner.
    pub(crate) async fn second_agent(&self, name: &str) -> Agent {
        Agent::of(&self.atlas, &self.atlas.agent(name).await, self.address)
    }

    /// An agent of a new member with these roles.
    pub(crate) async fn agent_of_member(&self, login: &str, roles: &[&str]) -> Agent {
        let member = self.world.member(&self.atlas, login, roles).await;
        Agent::of(&self.atlas, &self.atlas.agent_of(&member.user, login).await, self.address)
    }

    /// How many events of a kind have been written, numbered or not.
    pub(crate) async fn events(&self, kind: &str) -> i64 {
        let sql = format!(
            "select (select count(*) from event_outbox where kind = '{kind}') \
                  + (select count(*) from events where kind = '{kind}')"
        );
        self.world.number(sql).await
    }
}

/// A client of its own, with its own connections.
pub(crate) fn client() -> reqwest::Client {
    // The first test to come installs it; for the others it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

impl Agent {
    fn of(project: &ProjectFixture, agent: &crate::world::Agent, address: SocketAddr) -> Self {
        Self {
            token: agent.secret.expose().to_owned(),
            token_id: agent.token,
            project: project.id,
            slug: project.slug.clone(),
            address,
            http: client(),
        }
    }

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

/// Creates a task and gives its key.
pub(crate) async fn task(agent: &Agent, arguments: Value) -> String {
    agent.ok("tasks.create", arguments).await["key"].as_str().unwrap().to_owned()
}

/// The keys of listed tasks.
pub(crate) fn keys(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect()
}

/// The values at one member of many objects, without repetition.
pub(crate) fn distinct(values: &[Value], member: &str) -> usize {
    values.iter().map(|value| value[member].to_string()).collect::<HashSet<_>>().len()
}
