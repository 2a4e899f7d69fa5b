//! A demo at work: the server, and the agents that speak to it.
//!
//! Ends in the opposite order of its beginning: agents, server, database.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::agent::Agent;
use super::client::Endpoint;
use super::crew::Member;
use super::frame::Heading;
use super::instance::{Instance, Wanted};
use super::moods::Moods;
use super::planner::Planner;
use super::watch::Watcher;
use crate::app::{App, AppError, Limits, Running};
use crate::cli::CliError;
use crate::cli::login_link::{self, Invitation};
use crate::config::Config;
use crate::db::{Database, OpenMode};

/// How long the agents get to give back what they hold.
const FAREWELL: Duration = Duration::from_secs(4);

/// How long the server and the database get. With the agents it stays under ten seconds.
const STOP: Duration = Duration::from_secs(5);

/// Over how long the agents begin, one after the other: all in one instant looks like a machine, and
/// finds a pool that has no connections yet.
const BEGINNING: Duration = Duration::from_secs(2);

/// A running demo.
pub(super) struct Demo {
    running: Running,
    instance: Instance,
    invitation: Option<Invitation>,
    agents: JoinSet<()>,
    stop: CancellationToken,
    moods: Moods,
}

impl Demo {
    /// Prepares the instance and serves it.
    pub(super) async fn start(config: Config, wanted: Wanted) -> Result<Self, CliError> {
        refuse_taken_port(&config)?;
        let database = Database::open(&config, OpenMode::Own).await?;
        let instance = match Instance::prepare(&config, &database, wanted).await {
            Ok(instance) => instance,
            Err(error) => {
                database.close().await;
                return Err(error);
            }
        };
        let limits = Limits { stop: Duration::from_secs(2), ..Limits::default() };
        let running = App::start(config, database, limits).await?;
        let services = running.services();
        let invitation = match login_link::for_admin(&services.config, &services.pool).await {
            Ok(invitation) => invitation,
            Err(error) => {
                tracing::warn!(?error, "there is no sign-in link");
                None
            }
        };
        Ok(Self {
            running,
            instance,
            invitation,
            agents: JoinSet::new(),
            stop: CancellationToken::new(),
            moods: Moods::default(),
        })
    }

    /// Sends the agents to work.
    pub(super) fn send_agents(&mut self) {
        let endpoint = self.endpoint();
        let crew = &self.instance.crew;
        let many = u32::try_from(crew.agents.len()).unwrap_or(u32::MAX);
        let between = BEGINNING / many.max(1);
        for (number, member) in (0_u32..).zip(&crew.agents) {
            let agent = Agent {
                member: member.clone(),
                endpoint: endpoint.clone(),
                moods: self.moods.clone(),
                crew: many,
                stop: self.stop.clone(),
            };
            self.agents.spawn(async move {
                agent.pause(between * number).await;
                agent.run().await;
            });
        }
        if !crew.agents.is_empty() {
            let planner = Planner {
                member: crew.planner.clone(),
                endpoint,
                agents: crew.agents.len(),
                stop: self.stop.clone(),
            };
            self.agents.spawn(planner.run());
        }
    }

    /// The agents go straight to the listener, and name the host that the server is known by.
    fn endpoint(&self) -> Endpoint {
        let address = self.running.address;
        let ip = match address.ip() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let host = self.running.services().config.public_url.authority().to_owned();
        Endpoint { address: format!("http://{}/mcp", SocketAddr::new(ip, address.port())), host }
    }

    /// Where the demo is, and how to get in with a browser and with an agent.
    pub(super) fn heading(&self) -> Heading {
        let url = self.running.url();
        let secret = self.instance.crew.reader.secret.expose();
        let connect = format!(
            "claude mcp add --transport http nottario {url}/mcp --header \"Authorization: Bearer {secret}\""
        );
        Heading { url, invitation: self.invitation.clone(), connect }
    }

    /// Somebody who looks on.
    pub(super) async fn watcher(&self) -> Result<Watcher, CliError> {
        let named = |member: &Member| (member.name.clone(), member.person.to_owned());
        let crew = self.instance.crew.agents.iter().map(named).collect();
        let pool = self.running.services().pool.clone();
        Ok(Watcher::start(pool, self.instance.project, crew, self.moods.clone()).await?)
    }

    /// Waits until the embedded database ends by itself, which nothing here can mend.
    pub(super) async fn database_lost(&self) -> String {
        self.running.database_lost().await
    }

    /// Stops the agents, then the server, then the database.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        let farewell = async { while self.agents.join_next().await.is_some() {} };
        if timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("some agents did not end in time and are cut off");
            self.agents.abort_all();
        }
        if timeout(STOP, self.running.stop()).await.is_err() {
            tracing::warn!("the server did not stop in time and is cut off");
        }
    }
}

/// Looks at the port first: nobody should wait for a database to learn that it is taken.
fn refuse_taken_port(config: &Config) -> Result<(), CliError> {
    for address in config.http_addr.candidates() {
        if let Err(source) = TcpListener::bind(address)
            && source.kind() == std::io::ErrorKind::AddrInUse
        {
            return Err(AppError::Listen { address, source }.into());
        }
    }
    Ok(())
}
