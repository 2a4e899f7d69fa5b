//! The agent that plans: when the backlog has run dry it adds the next features, so that a demo
//! never comes to rest.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::client::{Answer, Client, Endpoint, Lost};
use super::crew::Member;
use super::ideas::idea;
use super::seed::next_idea;
use crate::projects::Stats;

/// How often it looks: an empty backlog is not noticed much later, and the look costs little.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The planning agent.
pub(super) struct Planner {
    pub(super) member: Member,
    pub(super) endpoint: Endpoint,
    /// How many agents there are to be kept busy.
    pub(super) agents: usize,
    pub(super) stop: CancellationToken,
}

#[derive(Deserialize)]
struct List {
    tasks: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    held_by: Option<Holder>,
}

#[derive(Deserialize)]
struct Holder {
    token: Option<String>,
}

#[derive(Deserialize)]
struct Project {
    stats: Counts,
}

#[derive(Deserialize)]
struct Counts {
    todo: i64,
    doing: i64,
    done: i64,
    wont_do: i64,
}

impl Planner {
    /// Plans until it is told to stop, across losses of the server.
    pub(super) async fn run(self) {
        while !self.stop.is_cancelled() {
            if let Err(lost) = self.session().await
                && !self.stop.is_cancelled()
            {
                tracing::warn!(agent = self.member.name, error = %lost, "the server is away");
            }
            self.pause().await;
        }
    }

    async fn session(&self) -> Result<(), Lost> {
        let client =
            Client::connect(&self.endpoint, &self.member.secret, &self.member.name).await?;
        while !self.stop.is_cancelled() {
            if self.is_backlog_dry(&client).await? {
                self.plan(&client).await?;
            }
            self.pause().await;
        }
        client.close().await;
        Ok(())
    }

    /// True when nobody can take anything and most agents have finished.
    ///
    /// What a person holds or is meant to do does not count: it may stay for ever.
    async fn is_backlog_dry(&self, client: &Client) -> Result<bool, Lost> {
        let ready = json!({ "ready": true, "assignee_user_id": "none", "limit": 1 });
        let Some(ready) = self.list(client, ready).await? else { return Ok(false) };
        if !ready.is_empty() {
            return Ok(false);
        }
        let doing = json!({ "state": "doing", "limit": 500 });
        let Some(doing) = self.list(client, doing).await? else { return Ok(false) };
        let by_agents = doing.iter().filter_map(|row| row.held_by.as_ref()?.token.as_ref());
        Ok(by_agents.count() * 2 <= self.agents)
    }

    /// The tasks that are asked for; `None` when the server would not say.
    async fn list(&self, client: &Client, arguments: Value) -> Result<Option<Vec<Row>>, Lost> {
        match client.call::<List>("nottario_tasks_list", arguments).await? {
            Answer::Done(list) => Ok(Some(list.tasks)),
            Answer::Refused(refusal) => {
                tracing::warn!(refusal = refusal.text, "could not look at the backlog");
                Ok(None)
            }
        }
    }

    /// Adds a feature for each agent.
    async fn plan(&self, client: &Client) -> Result<(), Lost> {
        let project = client.call::<Project>("nottario_projects_get", json!({})).await?;
        let Answer::Done(Project { stats }) = project else { return Ok(()) };
        let Counts { todo, doing, done, wont_do } = stats;
        let first = next_idea(Stats { todo, doing, done, wont_do });
        for number in first..first + self.agents {
            let mut plan = idea(number).plan_arguments();
            plan["idempotency_key"] = json!(Uuid::new_v4());
            if let Answer::Refused(refusal) =
                client.call::<Value>("nottario_tasks_plan", plan).await?
            {
                tracing::warn!(refusal = refusal.text, "could not plan a feature");
            }
        }
        Ok(())
    }

    async fn pause(&self) {
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = self.stop.cancelled() => {}
        }
    }
}
