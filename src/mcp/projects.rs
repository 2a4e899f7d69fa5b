//! Tools about the token's project: what it is, and the names that other tools take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answer::{Answer, MOST_CHARACTERS, PAGE_CHARACTERS, cut, fit};
use super::tool::{Call, Effect, Tool};
use crate::error::Result;
use crate::projects::{self, Project};

/// A project, with as much of its description as an answer has room for.
#[derive(Serialize)]
struct Shape {
    #[serde(flatten)]
    project: Project,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    description_truncated: bool,
}

impl Shape {
    fn of(mut project: Project, most: usize) -> Self {
        let (kept, description_truncated) = cut(&project.description, most);
        project.description = kept.to_owned();
        Self { project, description_truncated }
    }
}

/// Your project, with task counts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct List {}

impl Tool for List {
    const NAME: &'static str = "projects.list";
    const EFFECT: Effect = Effect::Read;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        /// What the project is about, not its manual.
        const DESCRIPTION: usize = 1_000;
        let project = projects::get(&mut call.db, &call.scope).await?;
        Answer::of(&json!({ "projects": [Shape::of(project, DESCRIPTION)] }))
    }
}

/// Your project with its settings and task counts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Get {}

impl Tool for Get {
    const NAME: &'static str = "projects.get";
    const EFFECT: Effect = Effect::Read;
    const LISTS_PROJECT: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        const DESCRIPTION: usize = MOST_CHARACTERS - 5_000;
        let project = projects::get(&mut call.db, &call.scope).await?;
        Answer::of(&Shape::of(project, DESCRIPTION))
    }
}

/// The roles that a task may ask for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListRoles {}

impl Tool for ListRoles {
    const NAME: &'static str = "projects.list_roles";
    const EFFECT: Effect = Effect::Read;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let roles = projects::list_roles(&mut call.db, &call.scope).await?;
        whole("roles", roles)
    }
}

/// The named priorities, highest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListPriorities {}

impl Tool for ListPriorities {
    const NAME: &'static str = "projects.list_priorities";
    const EFFECT: Effect = Effect::Read;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let priorities = projects::list_buckets(&mut call.db, &call.scope).await?;
        whole("priorities", priorities)
    }
}

/// The members and their roles.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListMembers {}

impl Tool for ListMembers {
    const NAME: &'static str = "projects.list_members";
    const EFFECT: Effect = Effect::Read;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let members = projects::list_members(&mut call.db, &call.scope).await?;
        whole("members", members)
    }
}

/// A list that is short by nature, and says so when it is not.
fn whole<T: Serialize>(name: &str, rows: Vec<T>) -> Result<Answer> {
    let total = rows.len();
    let fitted = fit(rows, PAGE_CHARACTERS)?;
    let mut shape = json!({ name: fitted.rows });
    if fitted.cut {
        shape["truncated"] = true.into();
        shape["total"] = total.into();
    }
    Answer::of(&shape)
}
