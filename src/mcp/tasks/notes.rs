//! What hangs on a task: comments, commits, and what it waits for.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::wrapped_answer;
use crate::error::Result;
use crate::mcp::answer::Answer;
use crate::mcp::tool::{Call, Effect, Tool};
use crate::tasks::{self, CommitMessage, NewCommit, Repo, Sha, TaskRef};
use crate::text::CommentBody;

/// Writes a comment, in markdown.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct AddComment {
    task_id: TaskRef,
    body: CommentBody,
}

impl Tool for AddComment {
    const NAME: &'static str = "tasks.add_comment";
    const EFFECT: Effect = Effect::ADDS;
    const LISTS_KEY: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let (db, scope) = (&mut *call.db, &call.scope);
        let task = self.task_id.resolve(db, scope).await?;
        let (id, created_at) = tasks::add_comment(db, scope, task, &self.body).await?;
        let task_key = tasks::card(db, scope, task).await?.key;
        Answer::of(&json!({ "id": id, "task_key": task_key, "created_at": created_at }))
    }
}

/// Links a commit to a task.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct LinkCommit {
    task_id: TaskRef,
    repo: Repo,
    sha: Sha,
    message: Option<CommitMessage>,
}

impl Tool for LinkCommit {
    const NAME: &'static str = "tasks.link_commit";
    const EFFECT: Effect = Effect::SETS;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let (db, scope) = (&mut *call.db, &call.scope);
        let task = self.task_id.resolve(db, scope).await?;
        let commit = NewCommit { repo: self.repo, sha: self.sha, message: self.message };
        tasks::link_commit(db, scope, task, &commit).await?;
        let task_key = tasks::card(db, scope, task).await?.key;
        Answer::of(&json!({ "task_key": task_key, "repo": commit.repo, "sha": commit.sha }))
    }
}

/// Makes a task wait for another.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct AddDependency {
    task_id: TaskRef,
    /// Must be closed first.
    depends_on_id: TaskRef,
}

impl Tool for AddDependency {
    const NAME: &'static str = "tasks.add_dependency";
    const EFFECT: Effect = Effect::SETS;
    const VERBOSE: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let (db, scope) = (&mut *call.db, &call.scope);
        let task = self.task_id.resolve(db, scope).await?;
        let prerequisite = self.depends_on_id.resolve(db, scope).await?;
        let card = tasks::add_dependency(db, scope, task, prerequisite).await?;
        wrapped_answer(call, card).await
    }
}

/// Ends a task's waiting for another.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct RemoveDependency {
    task_id: TaskRef,
    depends_on_id: TaskRef,
}

impl Tool for RemoveDependency {
    const NAME: &'static str = "tasks.remove_dependency";
    const EFFECT: Effect = Effect::REPLACES;
    const VERBOSE: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let (db, scope) = (&mut *call.db, &call.scope);
        let task = self.task_id.resolve(db, scope).await?;
        let prerequisite = self.depends_on_id.resolve(db, scope).await?;
        let card = tasks::remove_dependency(db, scope, task, prerequisite).await?;
        wrapped_answer(call, card).await
    }
}
