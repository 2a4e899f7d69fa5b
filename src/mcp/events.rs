//! Tools about what happened: the record, read on from a cursor, and waiting for more.

use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::{Answer, PAGE_CHARACTERS, fit};
use super::bounded::Bounded;
use super::page::{Limit, rows};
use super::tool::{Call, Effect, Tool, Waiting, WaitingTool};
use crate::error::Result;
use crate::events::{self, Cursor, EventKind, Page, Query};
use crate::tasks::{self, TaskRef};

/// What happened in the project, oldest first; without `cursor` the newest.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    cursor: Option<Cursor>,
    kinds: Option<Vec<EventKind>>,
    task_id: Option<TaskRef>,
    limit: Option<Limit>,
}

impl Tool for Since {
    const NAME: &'static str = "events.since";
    const EFFECT: Effect = Effect::Read;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let (db, scope) = (&mut *call.db, &call.scope);
        let task = match self.task_id {
            Some(task) => Some(task.resolve_existing(db, scope).await?),
            None => None,
        };
        let query = Query {
            cursor: self.cursor,
            kinds: self.kinds,
            task,
            limit: Some(rows(self.limit, scope).into()),
        };
        let page = events::since(db, scope, &query).await?;
        call.seen = query.task;
        Answer::of(&fitting(page, query.cursor.is_some())?)
    }
}

/// Waits until something happens, at most `seconds`; without `cursor` from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    cursor: Option<Cursor>,
    kinds: Option<Vec<EventKind>>,
    task_id: Option<TaskRef>,
    seconds: Option<Bounded<0, 55>>,
}

impl WaitingTool for Wait {
    const NAME: &'static str = "events.wait";

    async fn wait(self, call: Waiting) -> Result<Answer> {
        /// Long enough to save calls, short enough for clients that give up after a minute.
        const SECONDS: u16 = 30;
        let Waiting { pool, feed, scope, agent, stopping } = call;
        let task = match self.task_id {
            Some(task) => Some(task.resolve_existing(&mut *pool.acquire().await?, &scope).await?),
            None => None,
        };
        if let Some(task) = task {
            // Who waits for an answer about its task is alive.
            tasks::renew(&mut *pool.acquire().await?, &scope, task).await?;
        }
        let query = Query { cursor: self.cursor, kinds: self.kinds, task, limit: None };
        let seconds = self.seconds.map_or(SECONDS, Bounded::get).into();
        let (caller, project) = (&agent.caller, agent.project);
        let page = tokio::select! {
            page = events::wait(&pool, &feed, caller, project, &query, seconds) => page?,
            // The server stops: what there is now, and the caller asks the next process.
            () = stopping.cancelled() => {
                events::wait(&pool, &feed, caller, project, &query, 0).await?
            }
        };
        Answer::of(&fitting(page, true)?)
    }
}

/// As many events as fit into an answer: those next to the cursor, or the newest without one.
fn fitting(mut page: Page, has_cursor: bool) -> Result<Page> {
    if has_cursor {
        let fitted = fit(page.events, PAGE_CHARACTERS)?;
        if fitted.cut
            && let Some(last) = fitted.rows.last()
        {
            page.cursor = Cursor::after(last.id);
        }
        page.events = fitted.rows;
    } else {
        page.events.reverse();
        page.events = fit(page.events, PAGE_CHARACTERS)?.rows;
        page.events.reverse();
    }
    Ok(page)
}
