//! `claim_next` as an agent meets it, over HTTP with a client of the SDK, against the same function
//! called directly on the server's own pool.
//!
//! Both take turns on one backlog. Clients and server share this process and its cores, so the
//! figures for many agents hold what the clients cost as well.

#[path = "support/server.rs"]
mod server;
mod support;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use chrono::Utc;
use nottario::access::{self, Caller, ProjectScope, Via};
use nottario::app::{App, Limits, Running};
use nottario::db::Database;
use nottario::identity::tokens::{self, NewToken};
use nottario::mcp;
use nottario::tasks::{self, ClaimFilter, Lease};
use nottario::text::Line;
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, ServiceExt as _};
use sqlx::PgPool;
use tokio::task::JoinSet;

use support::Outcome;
use support::cluster::Bench;
use support::figures::{Sample, in_ms, median};
use support::seed::{ALL_ROLES, Backlog, Crew, Project};
use support::table::Table;

const AGENTS: [usize; 2] = [1, 64];

fn main() -> ExitCode {
    support::main("mcp_roundtrip", measure)
}

async fn measure(bench: Bench) -> Outcome<()> {
    let rounds = bench.size(7, 3);
    let duration = Duration::from_millis(bench.size(1_000, 300).into());
    let crew = Crew { agents: 64, people: 8, roles: ALL_ROLES };
    let backlog = Backlog { blocked_percent: 20, ..Backlog::of(bench.size(100_000, 20_000)) };
    let project = Project::seed(bench.database("roundtrip").await?, crew, &backlog).await?;
    project.check().await?;

    let server = serve(&project).await?;
    let mut agents = Vec::new();
    for scope in &project.agents {
        agents.push(connect(&project, scope, &server).await?);
    }
    for many in AGENTS {
        let mut figures = [Work::Claim, Work::Roles, Work::ClaimOverMcp].map(Figures::new);
        for round in 0..=rounds {
            for figures in &mut figures {
                let start = Instant::now();
                let walls =
                    round_of(figures.work, &agents[..many], &server, start + duration).await?;
                // The first round warms connections and plans up.
                if round > 0 {
                    figures.add(walls, start.elapsed())?;
                }
            }
        }
        print(many, &figures);
    }
    for agent in agents {
        agent.session.cancel().await?;
    }
    server.stop().await;
    Ok(())
}

/// The product's server, without limits on how often an agent may call.
async fn serve(project: &Project) -> Outcome<Running> {
    let config = server::config()?;
    let limits = Limits { agents: mcp::limits::Limits::lifted(), ..Limits::default() };
    Ok(App::start(config, Database::connect(project.options.clone()), limits).await?)
}

struct Agent {
    scope: ProjectScope,
    session: RunningService<RoleClient, ()>,
}

/// An agent with a token and a connection of its own.
async fn connect(project: &Project, scope: &ProjectScope, server: &Running) -> Outcome<Agent> {
    let user = scope.user()?;
    let mut db = project.connect().await?;
    let in_person = Caller { user, via: Via::Session { is_admin: false } };
    let person = access::enter(&mut db, &in_person, project.id).await?;
    let new = NewToken {
        user,
        name: Line::parse(&format!("over-http-{}", scope.actor().token.ok_or("no agent")?))?,
        default_role: None,
        expires_at: None,
    };
    let secret = tokens::issue(&mut db, &person, &new, Utc::now()).await?.secret;

    let config =
        StreamableHttpClientTransportConfig::with_uri(format!("http://{}/mcp", server.address))
            .auth_header(secret.expose().to_owned());
    // The client of the SDK needs to be told where cryptography comes from, even without TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build()?;
    let transport = StreamableHttpClientTransport::with_client(client, config);
    Ok(Agent { scope: scope.clone(), session: ().serve(transport).await? })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// The function, called as the server calls it: on a connection of its pool, without a transaction.
    Claim,
    /// A call that does little but the way: HTTP, protocol, token, access, and a few rows.
    Roles,
    ClaimOverMcp,
}

impl Work {
    fn name(self) -> &'static str {
        match self {
            Self::Claim => "claim_next itself",
            Self::Roles => "list_roles over MCP: the way, and a few rows",
            Self::ClaimOverMcp => "claim_next over MCP",
        }
    }
}

struct Figures {
    work: Work,
    p50: Vec<f64>,
    walls: Sample,
    rates: Vec<f64>,
}

impl Figures {
    fn new(work: Work) -> Self {
        Self { work, p50: Vec::new(), walls: Sample::default(), rates: Vec::new() }
    }

    fn add(&mut self, walls: Vec<Duration>, elapsed: Duration) -> Outcome<()> {
        self.rates.push(f64::from(u32::try_from(walls.len())?) / elapsed.as_secs_f64());
        let mut of_round = Sample::default();
        for wall in walls {
            of_round.add(wall);
            self.walls.add(wall);
        }
        self.p50.push(of_round.percentile(0.50).as_secs_f64() * 1e3);
        Ok(())
    }
}

/// Lets the agents work side by side until the deadline.
async fn round_of(
    work: Work,
    agents: &[Agent],
    server: &Running,
    deadline: Instant,
) -> Outcome<Vec<Duration>> {
    let mut running = JoinSet::new();
    for agent in agents {
        let pool = server.services().pool.clone();
        let scope = agent.scope.clone();
        let peer = agent.session.peer().clone();
        running.spawn(async move {
            let mut walls = Vec::new();
            while Instant::now() < deadline {
                let start = Instant::now();
                match work {
                    Work::Claim => claim(&pool, &scope).await?,
                    Work::Roles => call(&peer, "nottario_projects_list_roles").await.map(drop)?,
                    Work::ClaimOverMcp => {
                        let answer = call(&peer, "nottario_tasks_claim_next").await?;
                        if answer["task"].is_null() {
                            return Err(format!("no task in {answer}").into());
                        }
                    }
                }
                walls.push(start.elapsed());
            }
            Outcome::Ok(walls)
        });
    }
    let mut walls = Vec::new();
    while let Some(done) = running.join_next().await {
        walls.extend(done??);
    }
    Ok(walls)
}

async fn claim(pool: &PgPool, scope: &ProjectScope) -> Outcome<()> {
    let mut db = pool.acquire().await?;
    let claimed =
        tasks::claim_next(&mut db, scope, &ClaimFilter::default(), Lease::OfProject).await?;
    claimed.ok_or("the backlog ran dry")?;
    Ok(())
}

async fn call(
    peer: &rmcp::service::Peer<RoleClient>,
    tool: &'static str,
) -> Outcome<serde_json::Value> {
    let answer = peer.call_tool(CallToolRequestParams::new(tool)).await?;
    if answer.is_error == Some(true) {
        return Err(format!("{tool} was refused: {:?}", answer.content).into());
    }
    Ok(answer.structured_content.ok_or("an answer without content")?)
}

fn print(agents: usize, figures: &[Figures]) {
    let promise = if agents == 1 { " (promise: adds at most 1 ms at p50)" } else { "" };
    let mut table = Table::new(
        &format!("mcp_roundtrip: agents at once: {agents}{promise}"),
        &["", "per second", "p50 ms", "adds ms", "p99 ms"],
    );
    let itself = median(figures[0].p50.clone());
    for figures in figures {
        let p50 = median(figures.p50.clone());
        let adds = if figures.work == Work::ClaimOverMcp {
            format!("{:.2}", p50 - itself)
        } else {
            String::new()
        };
        table.row(vec![
            figures.work.name().to_owned(),
            format!("{:.0}", median(figures.rates.clone())),
            format!("{p50:.2}"),
            adds,
            in_ms(figures.walls.percentile(0.99)),
        ]);
    }
    table.print();
}
