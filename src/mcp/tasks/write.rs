//! New tasks, and changes to tasks.

use schemars::JsonSchema;
use serde::Deserialize;

use super::task_answer;
use crate::cycles::CycleRef;
use crate::error::{Error, Result};
use crate::mcp::answer::Answer;
use crate::mcp::bounded::Bounded;
use crate::mcp::tool::{Call, Effect, Tool};
use crate::projects::{MemberRef, RoleRef};
use crate::tasks::{self, NewTask, Priority, TaskRef, TaskType};
use crate::text::{Line, Markdown, Patch, Title};

/// A priority as a number.
pub(super) type PriorityValue = Bounded<0, 100>;
/// The name of a priority.
pub(super) type PriorityKey = Line<30>;

/// The most tasks that one new task may wait for.
pub(super) const MOST_PREREQUISITES: usize = 100;

/// Creates a task.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Create {
    title: Title,
    /// Markdown.
    description: Option<Markdown>,
    r#type: Option<TaskType>,
    priority: Option<PriorityValue>,
    /// A bucket, instead of `priority`.
    priority_key: Option<PriorityKey>,
    assignee_user_id: Option<MemberRef>,
    target_role_id: Option<RoleRef>,
    /// A feature.
    parent_task_id: Option<TaskRef>,
    #[schemars(length(max = 100))]
    depends_on: Option<Vec<TaskRef>>,
}

impl Tool for Create {
    const NAME: &'static str = "tasks.create";
    const EFFECT: Effect = Effect::ADDS;
    const VERBOSE: bool = true;
    const LISTS_KEY: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let depends_on = self.depends_on.unwrap_or_default();
        if depends_on.len() > MOST_PREREQUISITES {
            let rule = format!("at most {MOST_PREREQUISITES}, got {}", depends_on.len());
            return Err(Error::invalid("depends_on", rule));
        }
        let (db, scope) = (&mut *call.db, &call.scope);
        let mut new = NewTask::titled(self.title);
        new.description = self.description.unwrap_or_default();
        new.kind = self.r#type.unwrap_or_default();
        new.priority = priority(self.priority, self.priority_key)?;
        if let Some(member) = self.assignee_user_id {
            new.assignee = Some(member.resolve(db, scope, "assignee_user_id").await?);
        }
        if let Some(role) = self.target_role_id {
            new.target_role = Some(role.resolve(db, scope, "target_role_id").await?);
        }
        if let Some(parent) = self.parent_task_id {
            new.parent = Some(parent.resolve(db, scope).await?);
        }
        for task in depends_on {
            new.depends_on.push(task.resolve(db, scope).await?);
        }
        let card = tasks::create(db, scope, &new).await?;
        task_answer(call, card).await
    }
}

/// Changes fields of a task; what is not named stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Update {
    task_id: TaskRef,
    title: Option<Title>,
    #[serde(default)]
    description: Patch<Markdown>,
    r#type: Option<TaskType>,
    priority: Option<PriorityValue>,
    priority_key: Option<PriorityKey>,
    #[serde(default)]
    assignee_user_id: Patch<MemberRef>,
    #[serde(default)]
    target_role_id: Patch<RoleRef>,
    #[serde(default)]
    parent_task_id: Patch<TaskRef>,
    /// Only the open one.
    cycle_id: Option<CycleRef>,
    expected_version: Option<i32>,
}

impl Tool for Update {
    const NAME: &'static str = "tasks.update";
    const EFFECT: Effect = Effect::REPLACES;
    const VERBOSE: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let (db, scope) = (&mut *call.db, &call.scope);
        let task = self.task_id.resolve(db, scope).await?;
        let update = tasks::Update {
            title: self.title,
            description: match self.description {
                Patch::Keep => None,
                Patch::Clear => Some(Markdown::default()),
                Patch::Set(text) => Some(text),
            },
            kind: self.r#type,
            priority: priority(self.priority, self.priority_key)?,
            assignee: match self.assignee_user_id {
                Patch::Keep => Patch::Keep,
                Patch::Clear => Patch::Clear,
                Patch::Set(member) => {
                    Patch::Set(member.resolve(db, scope, "assignee_user_id").await?)
                }
            },
            target_role: match self.target_role_id {
                Patch::Keep => Patch::Keep,
                Patch::Clear => Patch::Clear,
                Patch::Set(role) => Patch::Set(role.resolve(db, scope, "target_role_id").await?),
            },
            parent: match self.parent_task_id {
                Patch::Keep => Patch::Keep,
                Patch::Clear => Patch::Clear,
                Patch::Set(parent) => Patch::Set(parent.resolve(db, scope).await?),
            },
            cycle: match self.cycle_id {
                Some(cycle) => Some(cycle.resolve(db, scope, "cycle_id").await?),
                None => None,
            },
            expected_version: self.expected_version,
        };
        let card = tasks::update(db, scope, task, &update).await?;
        task_answer(call, card).await
    }
}

/// The priority that the two arguments name.
pub(super) fn priority(
    value: Option<PriorityValue>,
    key: Option<PriorityKey>,
) -> Result<Option<Priority>> {
    let value = value.map(|value| i64::from(value.get()));
    Priority::from_arguments(value, key.map(|key| key.as_str().to_owned()))
}
