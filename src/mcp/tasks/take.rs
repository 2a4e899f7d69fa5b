//! Taking work: the best ready task, or a named one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{DESCRIPTION, Shown, shown};
use crate::cycles::{self, CycleRef};
use crate::error::Result;
use crate::ids::ClaimId;
use crate::mcp::answer::Answer;
use crate::mcp::bounded::Bounded;
use crate::mcp::tool::{Call, Effect, Tool};
use crate::projects::RoleRef;
use crate::tasks::{self, ClaimFilter, Claimed, Lease, TaskRef, TaskType, Why};

type LeaseMinutes = Bounded<1, 1440>;

/// Takes the best ready task: it becomes yours and `doing`. Safe with many agents at once. Nothing to take: `why`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct ClaimNext {
    /// Only work for this role of yours.
    role_id: Option<RoleRef>,
    r#type: Option<TaskType>,
    parent_task_id: Option<TaskRef>,
    /// Or `all`.
    cycle_id: Option<CycleRef>,
    assigned_to_me: Option<bool>,
    lease_minutes: Option<LeaseMinutes>,
}

impl Tool for ClaimNext {
    const NAME: &'static str = "tasks.claim_next";
    const EFFECT: Effect = Effect::ADDS;
    const LISTS_KEY: bool = true;

    fn writes_once(&self) -> bool {
        true
    }

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let lease = lease(self.lease_minutes);
        let filter = Narrowing {
            role_id: self.role_id,
            r#type: self.r#type,
            parent_task_id: self.parent_task_id,
            cycle_id: self.cycle_id,
            assigned_to_me: self.assigned_to_me,
        };
        let claimed = match filter.resolve(call).await? {
            Some(filter) => tasks::claim_next(&mut call.db, &call.scope, &filter, lease).await?,
            None => None,
        };
        match claimed {
            Some(claimed) => claimed_answer(claimed),
            None => nothing(call).await,
        }
    }
}

/// Takes one named task. On one that this token holds: `claim_id` renews, `take_over` makes its other session stop.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names are the arguments' names")]
pub(in crate::mcp) struct Claim {
    /// Key or uuid.
    task_id: TaskRef,
    claim_id: Option<ClaimId>,
    take_over: Option<bool>,
    lease_minutes: Option<LeaseMinutes>,
}

impl Tool for Claim {
    const NAME: &'static str = "tasks.claim";
    const EFFECT: Effect = Effect::ADDS;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let task = self.task_id.resolve(&mut call.db, &call.scope).await?;
        let take_over = self.take_over.unwrap_or_default();
        let lease = lease(self.lease_minutes);
        let claimed =
            tasks::claim(&mut call.db, &call.scope, task, self.claim_id, take_over, lease).await?;
        claimed_answer(claimed)
    }
}

/// What `claim_next` would hand out now. Changes nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Next {
    role_id: Option<RoleRef>,
    r#type: Option<TaskType>,
    parent_task_id: Option<TaskRef>,
    cycle_id: Option<CycleRef>,
    assigned_to_me: Option<bool>,
}

impl Tool for Next {
    const NAME: &'static str = "tasks.next";
    const EFFECT: Effect = Effect::Read;
    const VERBOSE: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        #[derive(Serialize)]
        struct Shape {
            task: Shown,
        }
        let filter = Narrowing {
            role_id: self.role_id,
            r#type: self.r#type,
            parent_task_id: self.parent_task_id,
            cycle_id: self.cycle_id,
            assigned_to_me: self.assigned_to_me,
        };
        let card = match filter.resolve(call).await? {
            Some(filter) => tasks::next(&mut call.db, &call.scope, &filter).await?,
            None => None,
        };
        match card {
            Some(card) => {
                let task = shown(call, card).await?;
                Answer::of(&Shape { task })
            }
            None => nothing(call).await,
        }
    }
}

/// What narrows the choice, as callers write it.
struct Narrowing {
    role_id: Option<RoleRef>,
    r#type: Option<TaskType>,
    parent_task_id: Option<TaskRef>,
    cycle_id: Option<CycleRef>,
    assigned_to_me: Option<bool>,
}

impl Narrowing {
    /// The filter of the domain; `None` when nothing can match it.
    async fn resolve(self, call: &mut Call) -> Result<Option<ClaimFilter>> {
        let mut filter = ClaimFilter {
            kind: self.r#type,
            assigned_to_me: self.assigned_to_me.unwrap_or_default(),
            ..ClaimFilter::default()
        };
        if let Some(role) = self.role_id {
            filter.role = Some(role.resolve(&mut call.db, &call.scope, "role_id").await?);
        }
        if let Some(parent) = self.parent_task_id {
            filter.parent = Some(parent.resolve_existing(&mut call.db, &call.scope).await?);
        }
        if let Some(cycle) = self.cycle_id
            && let Some(cycle) = cycle.resolve_or_all(&mut call.db, &call.scope, "cycle_id").await?
            && cycle != cycles::open_id(&mut call.db, &call.scope).await?
        {
            // An open task is always in the open cycle, so one that has ended has nothing to take.
            return Ok(None);
        }
        Ok(Some(filter))
    }
}

fn lease(minutes: Option<LeaseMinutes>) -> Lease {
    minutes.map_or(Lease::OfProject, |minutes| Lease::Minutes(minutes.get()))
}

fn claimed_answer(mut claimed: Claimed) -> Result<Answer> {
    claimed.task.cut_description(0, DESCRIPTION);
    Answer::of(&claimed)
}

async fn nothing(call: &mut Call) -> Result<Answer> {
    let why = Why::read(&mut call.db, &call.scope).await?;
    Answer::of(&json!({ "task": null, "why": why }))
}
