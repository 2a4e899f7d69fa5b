//! A feature with its children in one call, all or nothing.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::PgConnection;

use super::create::{NewTask, draw_numbers, insert};
use super::dependencies::add_edge;
use super::model::{Card, TaskType};
use super::read::card;
use crate::access::ProjectScope;
use crate::error::{Error, Result, quoted};
use crate::ids::TaskId;
use crate::projects::lock_links;
use crate::text::Line;

/// The most children that one plan may have.
const MOST_CHILDREN: usize = 100;

/// A feature and the work that it takes.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The feature; its type is `feature` whatever it says.
    pub feature: NewTask,
    /// Its children, in the order in which they get their numbers.
    pub tasks: Vec<PlannedTask>,
}

/// A child of a plan. Its parent is the plan's feature.
#[derive(Clone, Debug)]
pub struct PlannedTask {
    /// The name by which other children of the plan can wait for it; unique in the plan.
    pub reference: Line<50>,
    /// The task; its `parent` and `depends_on` are replaced.
    pub task: NewTask,
    /// What it waits for.
    pub depends_on: Vec<PlanDependency>,
}

/// What a child of a plan waits for.
#[derive(Clone, Debug)]
pub enum PlanDependency {
    /// Another child of the same plan.
    Child(Line<50>),
    /// A task that is there already.
    Task(TaskId),
}

/// What a plan has become.
#[derive(Clone, Debug, Serialize)]
pub struct Planned {
    /// The feature.
    pub feature: Card,
    /// Its children in the order of the plan.
    pub tasks: Vec<PlannedKey>,
}

/// The key that a child of a plan got.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedKey {
    /// Its name in the plan.
    #[serde(rename = "ref")]
    pub reference: String,
    /// `NOT-42`.
    pub key: String,
    /// The id.
    pub id: TaskId,
}

/// Creates a feature with its children and the edges among them.
pub async fn plan(db: &mut PgConnection, scope: &ProjectScope, plan: &Plan) -> Result<Planned> {
    scope.require_write("create tasks")?;
    if plan.tasks.is_empty() || plan.tasks.len() > MOST_CHILDREN {
        return Err(Error::invalid("tasks", format!("1 to {MOST_CHILDREN} tasks")));
    }
    lock_links(db, scope).await?;
    let first =
        draw_numbers(db, scope, i32::try_from(plan.tasks.len() + 1).map_err(Error::internal)?)
            .await?;

    let feature = NewTask { kind: TaskType::Feature, ..plan.feature.clone() };
    let feature = insert(db, scope, &feature, first).await?;
    let mut ids = HashMap::new();
    let mut keys = Vec::with_capacity(plan.tasks.len());
    for (number, child) in (first + 1..).zip(&plan.tasks) {
        let task = NewTask { parent: Some(feature), depends_on: Vec::new(), ..child.task.clone() };
        let id = insert(db, scope, &task, number).await?;
        if ids.insert(child.reference.as_str(), id).is_some() {
            let name = quoted(child.reference.as_str());
            return Err(Error::invalid("tasks", format!("two tasks have the ref {name}")));
        }
        keys.push(PlannedKey {
            reference: child.reference.to_string(),
            key: format!("{}-{number}", scope.project_key()),
            id,
        });
    }
    for (index, (child, key)) in plan.tasks.iter().zip(&keys).enumerate() {
        for (nth, dependency) in child.depends_on.iter().enumerate() {
            let field = format!("tasks[{index}].depends_on[{nth}]");
            let prerequisite = match dependency {
                PlanDependency::Task(task) => *task,
                PlanDependency::Child(name) => *ids.get(name.as_str()).ok_or_else(|| {
                    let name = quoted(name.as_str());
                    Error::invalid(&field, format!("no task of the plan has the ref {name}"))
                })?,
            };
            add_edge(db, scope, key.id, prerequisite)
                .await
                .map_err(|error| error.of_field(field))?;
        }
    }
    Ok(Planned { feature: card(db, scope, feature).await?, tasks: keys })
}
