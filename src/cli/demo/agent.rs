//! A simulated agent: takes a task, pretends to work on it, closes it, and takes the next.
//!
//! It knows nothing but its token and the endpoint, and does what the working rules tell every
//! agent: first the work it is already holding, heartbeats on longer work, and at a refusal it
//! leaves the task alone and takes another.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::client::{Answer, Client, Endpoint, Lost, Refusal};
use super::crew::Member;
use super::moods::Moods;
use super::story::REPOSITORY;
use super::words;

/// How long one piece of pretended work takes, in milliseconds: long enough to be seen on the
/// screen, short enough that it moves.
const WORK_MILLISECONDS: std::ops::RangeInclusive<u64> = 300..=3000;

/// Work longer than this shows a sign of life half-way.
const LONG: Duration = Duration::from_millis(1500);

/// An agent that is cut off for good blocks its task no longer than this.
const LEASE_MINUTES: u16 = 5;

/// How long to wait for news before asking again anyway.
const WAIT_SECONDS: u64 = 5;

/// Before asking a server again that did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// News wakes every waiting agent at once; spread over so much time for each of them, they do not
/// ask all in one instant, and most find out together what several events have brought.
const SPREAD: Duration = Duration::from_millis(25);

/// What giving a task back may take when the demo ends.
const FAREWELL: Duration = Duration::from_secs(3);

/// News after which there may be something to take.
const NEWS: [&str; 6] = [
    "task.created",
    "task.closed",
    "task.edited",
    "task.released",
    "task.reopened",
    "claim.expired",
];

/// One simulated agent.
pub(super) struct Agent {
    pub(super) member: Member,
    pub(super) endpoint: Endpoint,
    pub(super) moods: Moods,
    /// How many agents there are.
    pub(super) crew: u32,
    pub(super) stop: CancellationToken,
}

#[derive(Deserialize)]
struct Whoami {
    held: Vec<Held>,
}

#[derive(Deserialize)]
struct Held {
    key: String,
    claim_id: Uuid,
}

#[derive(Deserialize)]
struct ClaimNext {
    task: Option<Task>,
    claim: Option<Claim>,
    why: Option<Why>,
}

#[derive(Deserialize)]
struct Task {
    key: String,
    title: String,
    r#type: String,
    target_role: Option<String>,
    parent_key: Option<String>,
    #[serde(default)]
    open_children: u32,
}

#[derive(Deserialize)]
struct Claim {
    claim_id: Uuid,
}

#[derive(Deserialize)]
struct Why {
    blocked: u32,
    assigned_to_others: u32,
    other_roles: u32,
    in_progress: u32,
}

#[derive(Deserialize)]
struct Named {
    key: String,
}

#[derive(Deserialize)]
struct News {
    cursor: String,
}

#[derive(Deserialize)]
struct Full {
    task: Task,
}

impl Agent {
    /// Works until it is told to stop, across losses of the server.
    pub(super) async fn run(self) {
        while !self.stop.is_cancelled() {
            if let Err(lost) = self.session().await
                && !self.stop.is_cancelled()
            {
                tracing::warn!(agent = self.member.name, error = %lost, "the server is away");
                self.mood("cannot reach the server, trying again");
                self.pause(PAUSE).await;
            }
        }
    }

    /// One connection, from the greeting to the end.
    async fn session(&self) -> Result<(), Lost> {
        let client =
            Client::connect(&self.endpoint, &self.member.secret, &self.member.name).await?;
        let worked = self.work(&client).await;
        client.close().await;
        worked
    }

    async fn work(&self, client: &Client) -> Result<(), Lost> {
        if let Answer::Done(me) = client.call::<Whoami>("nottario_whoami", json!({})).await? {
            for held in me.held {
                self.go_on_with(client, &held).await?;
            }
        }
        let mut cursor = None;
        while !self.stop.is_cancelled() {
            let asked = json!({ "lease_minutes": LEASE_MINUTES, "idempotency_key": fresh_key() });
            let answer = client.call::<ClaimNext>("nottario_tasks_claim_next", asked).await?;
            match answer {
                Answer::Done(ClaimNext { task: Some(task), claim: Some(claim), .. }) => {
                    self.mood("");
                    self.do_task(client, &task, claim.claim_id).await?;
                }
                Answer::Done(ClaimNext { why, .. }) => {
                    self.mood(&why.map(|why| why.to_string()).unwrap_or_default());
                    self.wait_for_news(client, &mut cursor).await?;
                }
                Answer::Refused(refusal) => {
                    self.note_refusal("claim_next", &refusal);
                    self.pause(PAUSE).await;
                }
            }
        }
        Ok(())
    }

    /// Finishes what an earlier run of this agent has begun.
    async fn go_on_with(&self, client: &Client, held: &Held) -> Result<(), Lost> {
        let read = json!({ "task_id": held.key });
        match client.call::<Full>("nottario_tasks_get", read).await? {
            Answer::Done(full) => self.do_task(client, &full.task, held.claim_id).await,
            Answer::Refused(refusal) => {
                self.note_refusal("get", &refusal);
                Ok(())
            }
        }
    }

    async fn do_task(&self, client: &Client, task: &Task, claim: Uuid) -> Result<(), Lost> {
        if task.r#type == "feature" && task.open_children == 0 {
            return self.break_down(client, task, claim).await;
        }
        let time = Duration::from_millis(rand::random_range(WORK_MILLISECONDS));
        if time > LONG {
            self.pause(time / 2).await;
            let beat = json!({ "task_id": task.key, "claim_id": claim, "note": words::note() });
            if !self.stop.is_cancelled()
                && !self.is_still_mine(client, "nottario_tasks_heartbeat", beat).await?
            {
                return Ok(());
            }
            self.pause(time / 2).await;
        } else {
            self.pause(time).await;
        }

        if self.stop.is_cancelled() {
            return self.give_back(client, task, claim, "The demo was stopped half-way.").await;
        }
        if words::once_in(40) {
            return self.give_back(client, task, claim, words::reason()).await;
        }
        if words::once_in(20) {
            self.report_finding(client, task).await?;
        }
        self.close(client, task, claim).await
    }

    async fn close(&self, client: &Client, task: &Task, claim: Uuid) -> Result<(), Lost> {
        let role = task.target_role.as_deref();
        let mut close = json!({
            "task_id": task.key,
            "claim_id": claim,
            "comment": words::closing(role),
            "idempotency_key": fresh_key(),
        });
        if role != Some("design") && task.r#type != "spike" {
            let message = format!("{} ({})", task.title, task.key);
            let commit = json!({ "repo": REPOSITORY, "sha": words::sha(), "message": message });
            close["commits"] = json!([commit]);
        }
        match client.call::<Value>("nottario_tasks_close", close).await? {
            Answer::Done(_) => Ok(()),
            // Something became a prerequisite while the work was going on.
            Answer::Refused(refusal) if refusal.code() == "blocked" => {
                self.give_back(client, task, claim, "It waits for something new; see there.").await
            }
            Answer::Refused(refusal) => {
                self.note_refusal("close", &refusal);
                Ok(())
            }
        }
    }

    /// Splits a feature into steps that wait for each other, and gives it back: it closes by itself
    /// with the last of them.
    async fn break_down(&self, client: &Client, task: &Task, claim: Uuid) -> Result<(), Lost> {
        self.pause(LONG).await;
        let mut before: Option<String> = None;
        for (title, role) in words::BREAKDOWN {
            let new = json!({
                "title": title,
                "description": format!("A step of {}: {}.", task.key, task.title),
                "parent_task_id": task.key,
                "target_role_id": role,
                "depends_on": before.iter().collect::<Vec<_>>(),
                "idempotency_key": fresh_key(),
            });
            match client.call::<Named>("nottario_tasks_create", new).await? {
                Answer::Done(created) => before = Some(created.key),
                Answer::Refused(refusal) => {
                    self.note_refusal("create", &refusal);
                    break;
                }
            }
        }
        self.give_back(client, task, claim, "Broken down into steps; they can be taken.").await
    }

    async fn report_finding(&self, client: &Client, task: &Task) -> Result<(), Lost> {
        let bug = json!({
            "title": format!("{} ({})", words::finding(), task.key),
            "description": format!("Found while working on {}: {}.", task.key, task.title),
            "type": "bug",
            "priority_key": "high",
            "target_role_id": task.target_role.as_deref().filter(|role| *role != "design"),
            "parent_task_id": task.parent_key,
            "idempotency_key": fresh_key(),
        });
        if let Answer::Refused(refusal) =
            client.call::<Value>("nottario_tasks_create", without_nulls(bug)).await?
        {
            self.note_refusal("create", &refusal);
        }
        Ok(())
    }

    /// Gives a task back with a reason. Also the last thing that an agent does, so it does not take long.
    async fn give_back(
        &self,
        client: &Client,
        task: &Task,
        claim: Uuid,
        reason: &str,
    ) -> Result<(), Lost> {
        let release = json!({ "task_id": task.key, "claim_id": claim, "reason": reason });
        let released = self.is_still_mine(client, "nottario_tasks_release", release);
        match timeout(FAREWELL, released).await {
            Ok(released) => released.map(drop),
            Err(_) => Ok(()),
        }
    }

    /// Calls a tool about a held task; false when it refused, and the task is to be left alone.
    async fn is_still_mine(
        &self,
        client: &Client,
        tool: &'static str,
        arguments: Value,
    ) -> Result<bool, Lost> {
        match client.call::<Value>(tool, arguments).await? {
            Answer::Done(_) => Ok(true),
            Answer::Refused(refusal) => {
                self.note_refusal(tool, &refusal);
                Ok(false)
            }
        }
    }

    /// Waits until something happened that may have made a task ready.
    ///
    /// `cursor` is where the last wait ended, so that nothing between two waits is missed.
    async fn wait_for_news(
        &self,
        client: &Client,
        cursor: &mut Option<String>,
    ) -> Result<(), Lost> {
        let mut wait = json!({ "kinds": NEWS, "seconds": WAIT_SECONDS });
        if let Some(cursor) = cursor {
            wait["cursor"] = json!(cursor);
        }
        let heard = tokio::select! {
            heard = client.call::<News>("nottario_events_wait", wait) => heard?,
            () = self.stop.cancelled() => return Ok(()),
        };
        match heard {
            Answer::Done(news) => {
                *cursor = Some(news.cursor);
                let spread = rand::random_range(Duration::ZERO..=SPREAD * self.crew);
                self.pause(spread).await;
            }
            Answer::Refused(refusal) => {
                self.note_refusal("events.wait", &refusal);
                self.pause(PAUSE).await;
            }
        }
        Ok(())
    }

    /// Passes time; the end of the demo cuts it short.
    pub(super) async fn pause(&self, time: Duration) {
        tokio::select! {
            () = sleep(time) => {}
            () = self.stop.cancelled() => {}
        }
    }

    fn mood(&self, text: &str) {
        self.moods.set(&self.member.name, text);
    }

    /// A refusal is a normal answer: the task is left alone.
    fn note_refusal(&self, tool: &str, refusal: &Refusal) {
        tracing::debug!(agent = self.member.name, tool, refusal = refusal.text, "refused");
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("waiting")?;
        let counts = [
            (self.in_progress, "in progress"),
            (self.blocked, "blocked"),
            (self.other_roles, "for other roles"),
            (self.assigned_to_others, "assigned to others"),
        ];
        let mut mark = ':';
        for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{mark} {count} {what}")?;
            mark = ',';
        }
        Ok(())
    }
}

/// A repeat of a call that broke off has one effect.
fn fresh_key() -> String {
    Uuid::new_v4().to_string()
}

fn without_nulls(mut arguments: Value) -> Value {
    if let Value::Object(members) = &mut arguments {
        members.retain(|_, value| !value.is_null());
    }
    arguments
}
