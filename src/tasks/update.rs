//! Changing a task's fields.

use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use super::create::{adopt, foreign_reference};
use super::dependencies::leads_to;
use super::hold::renew;
use super::links::mark_linked;
use super::lock::{Locked, lock};
use super::model::{Card, TaskType};
use super::priority::Priority;
use super::read::card;
use crate::access::ProjectScope;
use crate::cycles;
use crate::error::{Error, Kind, Result};
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::{CycleId, RoleId, TaskId, UserId};
use crate::projects::lock_links;
use crate::text::{Markdown, Patch, Title};

/// What is to change; what is not named stays.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the fields of a task; see `Task`")]
pub struct Update {
    pub title: Option<Title>,
    pub description: Option<Markdown>,
    pub kind: Option<TaskType>,
    pub priority: Option<Priority>,
    pub assignee: Patch<UserId>,
    pub target_role: Patch<RoleId>,
    pub parent: Patch<TaskId>,
    /// Only the open cycle can be named, and an open task is in it already.
    pub cycle: Option<CycleId>,
    /// The version that the caller has read; another one is refused as stale.
    pub expected_version: Option<i32>,
}

/// Changes a task's fields, and notes who changed its text.
///
/// A change to the values that are there already changes nothing, not even the version.
pub async fn update(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    update: &Update,
) -> Result<Card> {
    scope.require_write("change tasks")?;
    if update.parent.is_change() || update.cycle.is_some() {
        lock_links(db, scope).await?;
    }
    let before = lock(db, scope, task).await?;
    if update.expected_version.is_some_and(|expected| expected != before.version) {
        return Err(Error::Stale { kind: Kind::Task, current: before.version });
    }

    let mut changed = Map::new();
    let title = match &update.title {
        Some(title) => note(&mut changed, "title", &before.title, title.to_string()),
        None => before.title.clone(),
    };
    let kind = match update.kind {
        Some(kind) => note(&mut changed, "type", &before.kind, kind),
        None => before.kind,
    };
    if kind != before.kind && before.kind == TaskType::Feature {
        refuse_children(db, scope, &before).await?;
    }
    let priority = match &update.priority {
        Some(priority) => {
            let value = Priority::resolve(Some(priority), db, scope).await?;
            note(&mut changed, "priority", &before.priority, value)
        }
        None => before.priority,
    };
    let assignee = patched(&mut changed, "assignee_id", before.assignee_id, &update.assignee);
    let target_role =
        patched(&mut changed, "target_role_id", before.target_role_id, &update.target_role);
    let parent = patched(&mut changed, "parent_id", before.parent_id, &update.parent);
    if parent != before.parent_id {
        move_to(db, scope, &before, parent).await?;
    }
    if let Some(cycle) = update.cycle {
        require_own_cycle(db, scope, &before, cycle).await?;
    }
    let text_changed =
        write_text(db, scope, task, update, &mut changed).await? || changed.contains_key("title");

    if !changed.is_empty() {
        sqlx::query_file!(
            "sql/tasks/update.sql",
            scope.project() as _,
            task as _,
            title,
            kind as _,
            priority,
            assignee as _,
            target_role as _,
            parent as _,
            changed.contains_key("assignee_id"),
            text_changed,
            scope.actor().user as _,
            scope.actor().token as _,
        )
        .execute(&mut *db)
        .await
        .map_err(|source| foreign_reference(source, assignee, target_role))?;
        let data = json!({ "changed": changed });
        events::record(db, scope, Change::new(EventKind::TaskEdited, Subject::Task(task), data))
            .await?;
    }
    renew(db, scope, task).await?;
    card(db, scope, task).await
}

/// Notes a field's values before and after, if they differ, and answers the one after.
fn note<T: serde::Serialize + PartialEq>(
    changed: &mut Map<String, Value>,
    field: &str,
    before: &T,
    after: T,
) -> T {
    if *before != after {
        changed.insert(field.to_owned(), json!([before, after]));
    }
    after
}

fn patched<T: serde::Serialize + PartialEq + Copy>(
    changed: &mut Map<String, Value>,
    field: &str,
    before: Option<T>,
    patch: &Patch<T>,
) -> Option<T> {
    match patch {
        Patch::Keep => before,
        Patch::Clear => note(changed, field, &before, None),
        Patch::Set(value) => note(changed, field, &before, Some(*value)),
    }
}

async fn write_text(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    update: &Update,
    changed: &mut Map<String, Value>,
) -> Result<bool> {
    let Some(description) = &update.description else { return Ok(false) };
    let before =
        sqlx::query_file_scalar!("sql/tasks/description.sql", scope.project() as _, task as _)
            .fetch_one(&mut *db)
            .await?;
    if before == description.as_str() {
        return Ok(false);
    }
    sqlx::query_file!(
        "sql/tasks/update_text.sql",
        scope.project() as _,
        task as _,
        description.as_str()
    )
    .execute(db)
    .await?;
    // An event is small: it says that the text changed, not to what.
    let sizes = json!({ "chars": [before.chars().count(), description.as_str().chars().count()] });
    changed.insert("description".to_owned(), sizes);
    Ok(true)
}

async fn refuse_children(db: &mut PgConnection, scope: &ProjectScope, task: &Locked) -> Result<()> {
    let has_children =
        sqlx::query_file_scalar!("sql/tasks/has_children.sql", scope.project() as _, task.id as _)
            .fetch_one(db)
            .await?;
    if has_children {
        return Err(Error::invalid(
            "type",
            format!("{} has children and stays a feature; move them away first", task.key),
        ));
    }
    Ok(())
}

/// Moves a task with everything below it to another feature, or out of one. The caller holds the project's lock.
async fn move_to(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: &Locked,
    parent: Option<TaskId>,
) -> Result<()> {
    let is_open = task.state.is_open();
    let cycle = match parent {
        Some(parent) if parent == task.id => {
            return Err(Error::invalid("parent_task_id", "a task is not its own parent"));
        }
        Some(parent) => {
            if leads_to(db, scope, task.id, parent).await?
                || waits_below(db, scope, parent, task.id).await?
            {
                return Err(Error::invalid(
                    "parent_task_id",
                    format!(
                        "{} and that feature wait for each other, or one is part of the other; that would be a loop",
                        task.key
                    ),
                ));
            }
            let levels = sqlx::query_file_scalar!(
                "sql/tasks/subtree_height.sql",
                scope.project() as _,
                task.id as _
            )
            .fetch_one(&mut *db)
            .await?;
            let levels = usize::try_from(levels).map_err(Error::internal)?;
            mark_linked(db, scope, &[task.id]).await?;
            adopt(db, scope, parent, i32::from(is_open), levels).await?
        }
        None if is_open => cycles::open_id(db, scope).await?,
        None => task.cycle_id,
    };
    if let (Some(former), true) = (task.parent_id, is_open) {
        sqlx::query_file!("sql/tasks/part_from.sql", scope.project() as _, former as _)
            .execute(&mut *db)
            .await?;
    }
    sqlx::query_file!(
        "sql/tasks/move_to_cycle.sql",
        scope.project() as _,
        task.id as _,
        cycle as _
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn waits_below(
    db: &mut PgConnection,
    scope: &ProjectScope,
    feature: TaskId,
    task: TaskId,
) -> Result<bool> {
    Ok(sqlx::query_file_scalar!(
        "sql/tasks/waits_below.sql",
        scope.project() as _,
        feature as _,
        task as _
    )
    .fetch_one(db)
    .await?)
}

/// An open task is always in the open cycle, and a closed one stays where it was closed.
async fn require_own_cycle(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: &Locked,
    cycle: CycleId,
) -> Result<()> {
    if cycle != cycles::open_id(db, scope).await? {
        return Err(Error::invalid("cycle_id", "must be the open cycle; see cycles.current"));
    }
    if cycle != task.cycle_id {
        return Err(Error::not_ready(
            format!("{} was closed in an earlier cycle", task.key),
            "reopen it with set_state todo, which brings it into the open cycle, or leave it there",
        ));
    }
    Ok(())
}
