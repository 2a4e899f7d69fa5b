//! Holding and finishing work.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Shown, shown, wrapped_answer};
use crate::error::{Error, Result};
use crate::ids::{ClaimId, CommentId};
use crate::mcp::answer::Answer;
use crate::mcp::tool::{Call, Effect, Tool};
use crate::tasks::{self, Card, Force, Lease, NewCommit, Outcome, TaskRef, TaskState};
use crate::text::{CommentBody, Line};

/// Renews your lease on a task you hold.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Heartbeat {
    task_id: TaskRef,
    claim_id: Option<ClaimId>,
    /// How far you are; shown on the board.
    note: Option<Line<200>>,
}

impl Tool for Heartbeat {
    const NAME: &'static str = "tasks.heartbeat";
    const EFFECT: Effect = Effect::SETS;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let task = self.task_id.resolve(&mut call.db, &call.scope).await?;
        let note = self.note.as_ref();
        let claim = tasks::heartbeat(&mut call.db, &call.scope, task, self.claim_id, note).await?;
        Answer::of(&json!({ "claim": claim }))
    }
}

/// Gives a task you hold back to the queue.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Release {
    task_id: TaskRef,
    claim_id: Option<ClaimId>,
    /// Becomes a comment.
    reason: Option<CommentBody>,
}

impl Tool for Release {
    const NAME: &'static str = "tasks.release";
    const EFFECT: Effect = Effect::SETS;
    const VERBOSE: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let task = self.task_id.resolve(&mut call.db, &call.scope).await?;
        let reason = self.reason.as_ref();
        let card =
            tasks::release(&mut call.db, &call.scope, task, self.claim_id, reason, Force::No)
                .await?;
        wrapped_answer(call, card).await
    }
}

/// Finishes a task: comment, commits and state in one step, all or nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Close {
    task_id: TaskRef,
    /// Default `done`.
    state: Option<Outcome>,
    /// What was done, for whoever reads it next.
    comment: Option<CommentBody>,
    #[schemars(length(max = 100))]
    commits: Option<Vec<NewCommit>>,
    claim_id: Option<ClaimId>,
    /// With `wont_do`: closes open children too.
    cascade: Option<bool>,
}

impl Tool for Close {
    const NAME: &'static str = "tasks.close";
    const EFFECT: Effect = Effect::ADDS;
    const VERBOSE: bool = true;
    const LISTS_KEY: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        const MOST_COMMITS: usize = 100;
        /// Enough to choose from; the rest is in the list of ready tasks.
        const MOST_KEYS: usize = 200;

        #[derive(Serialize)]
        struct Shape {
            task: Shown,
            comment_id: Option<CommentId>,
            linked_commit_count: usize,
            now_ready: Vec<String>,
            /// How many there are, when not all are named.
            #[serde(skip_serializing_if = "Option::is_none")]
            now_ready_count: Option<usize>,
            rolled_up: Vec<String>,
        }

        let commits = self.commits.unwrap_or_default();
        if commits.len() > MOST_COMMITS {
            let rule = format!("at most {MOST_COMMITS}, got {}", commits.len());
            return Err(Error::invalid("commits", rule));
        }
        let task = self.task_id.resolve(&mut call.db, &call.scope).await?;
        let close = tasks::Close {
            outcome: self.state.unwrap_or_default(),
            comment: self.comment,
            commits,
            claim: self.claim_id,
            cascade: self.cascade.unwrap_or_default(),
            force: Force::No,
        };
        let closed = tasks::close(&mut call.db, &call.scope, task, &close).await?;
        let freed = closed.now_ready.len();
        let mut now_ready = closed.now_ready;
        now_ready.truncate(MOST_KEYS);
        let task = shown(call, closed.task).await?;
        Answer::of(&Shape {
            task,
            comment_id: closed.comment_id,
            linked_commit_count: closed.linked_commit_count,
            now_ready_count: (freed > MOST_KEYS).then_some(freed),
            now_ready,
            rolled_up: closed.rolled_up,
        })
    }
}

/// `doing` claims, `todo` releases or reopens, `done` and `wont_do` close.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct SetState {
    task_id: TaskRef,
    state: TaskState,
    claim_id: Option<ClaimId>,
}

impl Tool for SetState {
    const NAME: &'static str = "tasks.set_state";
    const EFFECT: Effect = Effect::SETS;
    const VERBOSE: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        #[derive(Serialize)]
        struct Shape {
            #[serde(flatten)]
            task: Shown,
            #[serde(skip_serializing_if = "Option::is_none")]
            claim: Option<tasks::Claim>,
        }
        let task = self.task_id.resolve(&mut call.db, &call.scope).await?;
        let (db, scope) = (&mut *call.db, &call.scope);
        let (card, claim): (Card, _) = match self.state {
            TaskState::Doing => {
                let lease = Lease::OfProject;
                let claimed = tasks::claim(db, scope, task, self.claim_id, false, lease).await?;
                (claimed.task.card, Some(claimed.claim))
            }
            TaskState::Todo => {
                let is_open = tasks::card(db, scope, task).await?.state.is_open();
                // With a claim named, releasing says that it is over, also on a closed task.
                let card = if is_open || self.claim_id.is_some() {
                    tasks::release(db, scope, task, self.claim_id, None, Force::No).await?
                } else {
                    tasks::reopen(db, scope, task).await?
                };
                (card, None)
            }
            TaskState::Done => (close(call, task, Outcome::Done, self.claim_id).await?, None),
            TaskState::WontDo => (close(call, task, Outcome::WontDo, self.claim_id).await?, None),
        };
        let task = shown(call, card).await?;
        Answer::of(&Shape { task, claim })
    }
}

async fn close(
    call: &mut Call,
    task: crate::ids::TaskId,
    outcome: Outcome,
    claim: Option<ClaimId>,
) -> Result<Card> {
    let close = tasks::Close { outcome, claim, ..tasks::Close::default() };
    Ok(tasks::close(&mut call.db, &call.scope, task, &close).await?.task)
}
