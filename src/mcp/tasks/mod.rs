//! Tools about tasks: taking, holding and finishing work; planning and reading it.
//!
//! Answers are slim tasks unless the whole is what the caller needs to start.

mod hold;
mod notes;
mod plan;
mod read;
mod take;
mod write;

use serde::Serialize;

use super::answer::Answer;
use super::tool::Call;
use crate::error::Result;
use crate::tasks::{self, Card, Task};

pub(super) use hold::{Close, Heartbeat, Release, SetState};
pub(super) use notes::{AddComment, AddDependency, LinkCommit, RemoveDependency};
pub(super) use plan::Plan;
pub(super) use read::{Get, Inconsistencies, List};
pub(super) use take::{Claim, ClaimNext, Next};
pub(super) use write::{Create, Update};

/// How much of a description comes with a task that is handed out.
const DESCRIPTION: usize = 8_000;

/// A task in the form that was asked for.
#[derive(Serialize)]
#[serde(untagged)]
enum Shown {
    Slim(Box<Card>),
    Full(Box<Task>),
}

/// The slim task, or the full one when it was asked for.
async fn shown(call: &mut Call, card: Card) -> Result<Shown> {
    if !call.verbose {
        return Ok(Shown::Slim(Box::new(card)));
    }
    let mut task = tasks::get(&mut call.db, &call.scope, card.id).await?;
    task.cut_description(0, DESCRIPTION);
    Ok(Shown::Full(Box::new(task)))
}

/// A tool's answer that is one task.
async fn task_answer(call: &mut Call, card: Card) -> Result<Answer> {
    let shown = shown(call, card).await?;
    Answer::of(&shown)
}

/// A tool's answer that has one task as its `task`.
async fn wrapped_answer(call: &mut Call, card: Card) -> Result<Answer> {
    #[derive(Serialize)]
    struct Shape {
        task: Shown,
    }
    let task = shown(call, card).await?;
    Answer::of(&Shape { task })
}
