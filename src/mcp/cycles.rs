//! Tools about cycles: time-boxes of work without dates.

use chrono::Utc;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::page::{Limit, fewer, rows};
use super::tool::{Call, Effect, Tool};
use crate::cycles::{self, CycleRef, Figures, NextName, PageRequest};
use crate::error::Result;

/// All cycles, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    limit: Option<Limit>,
    cursor: Option<String>,
}

impl Tool for List {
    const NAME: &'static str = "cycles.list";
    const EFFECT: Effect = Effect::Read;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let limit = Some(rows(self.limit, &call.scope).into());
        let mut request = PageRequest { limit, cursor: self.cursor };
        let mut page = cycles::list(&mut call.db, &call.scope, &request).await?;
        if let Some(limit) = fewer(&page.cycles)? {
            request.limit = Some(limit.into());
            page = cycles::list(&mut call.db, &call.scope, &request).await?;
        }
        Answer::of(&page)
    }
}

/// The open cycle.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Current {}

impl Tool for Current {
    const NAME: &'static str = "cycles.current";
    const EFFECT: Effect = Effect::Read;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        Answer::of(&cycles::current(&mut call.db, &call.scope).await?)
    }
}

/// A cycle with its figures: by role, throughput, time in `doing`, carried over.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Get {
    cycle_id: CycleRef,
}

impl Tool for Get {
    const NAME: &'static str = "cycles.get";
    const EFFECT: Effect = Effect::Read;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        /// The last quarter; a cycle that is longer is not read day by day.
        const DAYS: usize = 90;

        #[derive(Serialize)]
        struct Shape {
            #[serde(flatten)]
            figures: Figures,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            days_truncated: bool,
        }
        let cycle = self.cycle_id.resolve(&mut call.db, &call.scope, "cycle_id").await?;
        let mut figures = cycles::get(&mut call.db, &call.scope, cycle, Utc::now()).await?;
        let too_many = figures.done_by_day.len().saturating_sub(DAYS);
        figures.done_by_day.drain(..too_many);
        Answer::of(&Shape { figures, days_truncated: too_many > 0 })
    }
}

/// Ends the open cycle and opens the next; open work moves over. Owner only.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    next_name: Option<NextName>,
}

impl Tool for End {
    const NAME: &'static str = "cycles.end";
    const EFFECT: Effect = Effect::Write { idempotent: false, destructive: true };
    const LISTS_KEY: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        Answer::of(&cycles::end(&mut call.db, &call.scope, self.next_name.as_ref()).await?)
    }
}
