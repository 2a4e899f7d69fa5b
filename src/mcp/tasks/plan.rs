//! Planning: a feature and the work it takes, in one call.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::write::{MOST_PREREQUISITES, PriorityKey, PriorityValue, priority};
use super::{Shown, shown};
use crate::error::{Error, Result, quoted};
use crate::mcp::answer::Answer;
use crate::mcp::tool::{Call, Effect, Tool};
use crate::projects::{MemberRef, RoleRef};
use crate::tasks::{self, NewTask, PlanDependency, PlannedKey, PlannedTask, TaskRef, TaskType};
use crate::text::{Line, Markdown, Title};

/// The name of a task inside its plan.
type PlanRef = Line<50>;

/// Creates a feature with its tasks and their order, all or nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Plan {
    feature: Feature,
    #[schemars(length(min = 1, max = 100))]
    tasks: Vec<Child>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Feature {
    title: Title,
    description: Option<Markdown>,
    priority: Option<PriorityValue>,
    priority_key: Option<PriorityKey>,
    assignee_user_id: Option<MemberRef>,
    target_role_id: Option<RoleRef>,
    parent_task_id: Option<TaskRef>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Child {
    /// Your name for it in `depends_on`.
    r#ref: PlanRef,
    title: Title,
    description: Option<Markdown>,
    r#type: Option<TaskType>,
    priority: Option<PriorityValue>,
    priority_key: Option<PriorityKey>,
    target_role_id: Option<RoleRef>,
    assignee_user_id: Option<MemberRef>,
    /// Refs of this plan, or tasks.
    #[schemars(length(max = 100))]
    depends_on: Option<Vec<PlanRef>>,
}

impl Tool for Plan {
    const NAME: &'static str = "tasks.plan";
    const EFFECT: Effect = Effect::ADDS;
    const VERBOSE: bool = true;
    const LISTS_KEY: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        #[derive(Serialize)]
        struct Shape {
            feature: Shown,
            tasks: Vec<PlannedKey>,
        }
        let refs: HashSet<String> =
            self.tasks.iter().map(|child| child.r#ref.to_string()).collect();
        let feature = self.feature.resolve(call).await?;
        let mut children = Vec::with_capacity(self.tasks.len());
        for (index, child) in self.tasks.into_iter().enumerate() {
            children.push(child.resolve(call, &refs, index).await?);
        }
        let plan = tasks::Plan { feature, tasks: children };
        let planned = tasks::plan(&mut call.db, &call.scope, &plan).await?;
        let feature = shown(call, planned.feature).await?;
        Answer::of(&Shape { feature, tasks: planned.tasks })
    }
}

impl Feature {
    async fn resolve(self, call: &mut Call) -> Result<NewTask> {
        let mut new = NewTask::titled(self.title);
        new.kind = TaskType::Feature;
        new.description = self.description.unwrap_or_default();
        new.priority = priority(self.priority, self.priority_key)?;
        people(call, &mut new, self.assignee_user_id, self.target_role_id).await?;
        if let Some(parent) = self.parent_task_id {
            new.parent = Some(parent.resolve(&mut call.db, &call.scope).await?);
        }
        Ok(new)
    }
}

impl Child {
    async fn resolve(
        self,
        call: &mut Call,
        refs: &HashSet<String>,
        index: usize,
    ) -> Result<PlannedTask> {
        let mut new = NewTask::titled(self.title);
        new.description = self.description.unwrap_or_default();
        new.kind = self.r#type.unwrap_or_default();
        new.priority = priority(self.priority, self.priority_key)?;
        people(call, &mut new, self.assignee_user_id, self.target_role_id).await?;

        let named_first = self.depends_on.unwrap_or_default();
        if named_first.len() > MOST_PREREQUISITES {
            let rule = format!("at most {MOST_PREREQUISITES}, got {}", named_first.len());
            return Err(Error::invalid(format!("tasks[{index}].depends_on"), rule));
        }
        let mut depends_on = Vec::with_capacity(named_first.len());
        for (nth, named) in named_first.into_iter().enumerate() {
            if refs.contains(named.as_str()) {
                depends_on.push(PlanDependency::Child(named));
                continue;
            }
            let task = TaskRef::parse(named.as_str()).map_err(|_| {
                Error::invalid(
                    format!("tasks[{index}].depends_on[{nth}]"),
                    format!(
                        "{} is neither a ref of this plan nor a task key or uuid",
                        quoted(named.as_str())
                    ),
                )
            })?;
            let task = task.resolve(&mut call.db, &call.scope).await?;
            depends_on.push(PlanDependency::Task(task));
        }
        Ok(PlannedTask { reference: self.r#ref, task: new, depends_on })
    }
}

async fn people(
    call: &mut Call,
    new: &mut NewTask,
    assignee: Option<MemberRef>,
    target_role: Option<RoleRef>,
) -> Result<()> {
    if let Some(member) = assignee {
        let member = member.resolve(&mut call.db, &call.scope, "assignee_user_id").await?;
        new.assignee = Some(member);
    }
    if let Some(role) = target_role {
        new.target_role = Some(role.resolve(&mut call.db, &call.scope, "target_role_id").await?);
    }
    Ok(())
}
