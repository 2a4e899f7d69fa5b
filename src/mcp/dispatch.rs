//! Everything that happens around a tool, once for all of them.
//!
//! A call is one transaction: it is entered through the access check, carried out, its answer kept
//! under its idempotency key, and committed. One that writes with a single statement, and has no key,
//! leaves the transaction to that statement. A call that has begun to write runs to its end even
//! when its caller goes away, so that a broken connection leaves all of an effect or nothing.

use std::time::Duration;

use chrono::Utc;
use rmcp::model::{CallToolResult, JsonObject};
use sqlx::PgPool;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answer::Answer;
use super::arguments::{Common, digest};
use super::auth::Agent;
use super::error::refusal;
use super::idempotency::{self, Keyed};
use super::registry::Entry;
use super::tool::{Call, Connection, Effect, Prepared, Runs, Waiting, Waits};
use crate::access::{self, ProjectScope};
use crate::error::{Error, Result};
use crate::events::{Feed, RelayHandle};
use crate::tasks;

/// Longer than the longest statement may take, which is the end of a cycle with its minute; a call
/// that needs more is stuck.
const LONGEST_CALL: Duration = Duration::from_secs(90);

/// A snapshot for all statements of a read, in which nothing can be written.
const BEGIN_READ: &str = "begin transaction isolation level repeatable read read only";

/// Carries calls out.
#[derive(Clone)]
pub(super) struct Dispatcher {
    pub(super) pool: PgPool,
    /// Woken after each committed change, so that its events are passed on at once.
    pub(super) relay: RelayHandle,
    pub(super) feed: Feed,
    /// The calls under way, whether or not their callers are still there.
    pub(super) calls: TaskTracker,
    /// Cancelled when the server stops: waiting calls answer then.
    pub(super) stopping: CancellationToken,
}

/// One call, with everything about it but its database.
struct Ordered {
    tool: &'static str,
    effect: Effect,
    agent: Agent,
    common: Common,
    digest: [u8; 32],
}

impl Dispatcher {
    /// Carries one call out and answers it; `gone` is cancelled when the caller goes away.
    pub(super) async fn call(
        &self,
        entry: &Entry,
        mut arguments: JsonObject,
        agent: Agent,
        gone: CancellationToken,
    ) -> CallToolResult {
        let tool = entry.name();
        let ordered = Common::take(&mut arguments, entry.takes()).and_then(|common| {
            let digest = digest(&arguments, common.verbose);
            let prepared = entry.prepare(arguments)?;
            Ok((prepared, Ordered { tool, effect: entry.effect(), agent, common, digest }))
        });
        let answered = match ordered {
            Ok((Prepared::Call(tool), ordered)) => self.run(tool, ordered).await,
            Ok((Prepared::Wait(tool), ordered)) => tokio::select! {
                answer = self.wait(tool, ordered) => answer,
                // Nobody reads this, and it is no failure to be logged.
                () = gone.cancelled() => return CallToolResult::error(Vec::new()),
            },
            Err(refused) => Err(refused),
        };
        match answered {
            Ok(answer) => {
                tracing::debug!(tool, "answered");
                answer.into_result()
            }
            Err(error) => {
                tracing::debug!(tool, code = error.code(), "refused");
                refusal(tool, &error)
            }
        }
    }

    /// Runs a call in a task of its own, which does not end with the request.
    async fn run(&self, tool: Box<dyn Runs>, ordered: Ordered) -> Result<Answer> {
        let dispatcher = self.clone();
        let running = self.calls.spawn(async move {
            timeout(LONGEST_CALL, async move {
                match ordered.effect {
                    Effect::Read => dispatcher.read(tool, ordered).await,
                    Effect::Write { .. } => dispatcher.write(tool, ordered).await,
                }
            })
            .await
        });
        match running.await {
            Ok(Ok(answered)) => answered,
            Ok(Err(elapsed)) => Err(Error::internal(elapsed)),
            // A panic in one tool is the failure of one call.
            Err(panicked) => Err(Error::internal(panicked)),
        }
    }

    async fn read(&self, tool: Box<dyn Runs>, ordered: Ordered) -> Result<Answer> {
        let mut db = Connection::Together(self.pool.begin_with(BEGIN_READ).await?);
        let scope = enter(&mut db, &ordered).await?;
        let Ordered { agent, common, .. } = ordered;
        let mut call = Call { db, scope, agent, verbose: common.verbose, seen: None };
        let answer = tool.run(&mut call).await?;
        call.db.commit().await?;
        if let Some(task) = call.seen {
            let mut db = self.pool.acquire().await?;
            tasks::renew(&mut db, &call.scope, task).await?;
        }
        Ok(answer)
    }

    async fn write(&self, tool: Box<dyn Runs>, ordered: Ordered) -> Result<Answer> {
        let mut db = if ordered.common.idempotency_key.is_none() && tool.writes_once() {
            Connection::Singly(self.pool.acquire().await?)
        } else {
            Connection::Together(self.pool.begin().await?)
        };
        let scope = enter(&mut db, &ordered).await?;
        let Ordered { tool: name, agent, common, digest, .. } = ordered;
        let keyed = common.idempotency_key.map(|key| Keyed {
            key,
            token: agent.token,
            tool: name,
            digest,
            now: Utc::now(),
        });
        if let Some(keyed) = &keyed
            && let Some(answer) = idempotency::reserve(&mut db, &scope, keyed).await?
        {
            return Ok(Answer::stored(answer));
        }
        let mut call = Call { db, scope, agent, verbose: common.verbose, seen: None };
        let answer = tool.run(&mut call).await?;
        if let Some(keyed) = &keyed {
            idempotency::keep(&mut call.db, &call.scope, keyed, answer.value()).await?;
        }
        call.db.commit().await?;
        self.relay.wake();
        Ok(answer)
    }

    async fn wait(&self, tool: Box<dyn Waits>, ordered: Ordered) -> Result<Answer> {
        let scope = {
            let mut db = self.pool.acquire().await?;
            enter(&mut db, &ordered).await?
        };
        let waiting = Waiting {
            pool: self.pool.clone(),
            feed: self.feed.clone(),
            scope,
            agent: ordered.agent,
            stopping: self.stopping.clone(),
        };
        tool.run(waiting).await
    }
}

/// The access check, and the refusal of a call that names another project.
async fn enter(db: &mut sqlx::PgConnection, ordered: &Ordered) -> Result<ProjectScope> {
    let agent = &ordered.agent;
    let scope = access::enter(db, &agent.caller, agent.project).await?;
    ordered.common.require_own_project(&scope, &agent.slug)?;
    Ok(scope)
}
