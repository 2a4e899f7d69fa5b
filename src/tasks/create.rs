//! New tasks.

use serde_json::json;
use sqlx::PgConnection;

use super::dependencies::add_edge;
use super::hold::renew;
use super::links::ancestors;
use super::model::{Card, TaskType};
use super::priority::Priority;
use super::read::card;
use crate::access::ProjectScope;
use crate::cycles;
use crate::error::{Error, Kind, Result};
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::{CycleId, RoleId, TaskId, UserId};
use crate::projects::{lock_links, lock_links_shared};
use crate::text::{Markdown, Title};

/// How deep tasks may be nested: a feature, and three levels of children.
pub(super) const MOST_LEVELS: usize = 4;

/// A task to be created.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields of a task; see `Task`")]
pub struct NewTask {
    pub title: Title,
    pub description: Markdown,
    pub kind: TaskType,
    /// The project's default bucket when absent.
    pub priority: Option<Priority>,
    pub assignee: Option<UserId>,
    pub target_role: Option<RoleId>,
    /// An open feature.
    pub parent: Option<TaskId>,
    pub depends_on: Vec<TaskId>,
}

impl NewTask {
    /// A task of the default kind with nothing but a title.
    #[must_use]
    pub fn titled(title: Title) -> Self {
        Self {
            title,
            description: Markdown::default(),
            kind: TaskType::default(),
            priority: None,
            assignee: None,
            target_role: None,
            parent: None,
            depends_on: Vec::new(),
        }
    }
}

/// Creates a task in the open cycle, or in its parent's, with everything it waits for.
pub async fn create(db: &mut PgConnection, scope: &ProjectScope, new: &NewTask) -> Result<Card> {
    scope.require_write("create tasks")?;
    if new.parent.is_some() || !new.depends_on.is_empty() {
        lock_links(db, scope).await?;
    } else {
        lock_links_shared(db, scope).await?;
    }
    let number = draw_numbers(db, scope, 1).await?;
    let task = insert(db, scope, new, number).await?;
    card(db, scope, task).await
}

/// Draws `many` numbers and answers the first.
pub(super) async fn draw_numbers(
    db: &mut PgConnection,
    scope: &ProjectScope,
    many: i32,
) -> Result<i32> {
    let last = sqlx::query_file_scalar!("sql/tasks/draw_numbers.sql", scope.project() as _, many)
        .fetch_one(db)
        .await?;
    Ok(last - many + 1)
}

/// Creates a task with a number that was drawn; the caller holds the project's lock as `create` does.
pub(super) async fn insert(
    db: &mut PgConnection,
    scope: &ProjectScope,
    new: &NewTask,
    number: i32,
) -> Result<TaskId> {
    let task = TaskId::fresh();
    let priority = Priority::resolve(new.priority.as_ref(), db, scope).await?;
    let cycle = match new.parent {
        Some(parent) => adopt(db, scope, parent, 1, 1).await?,
        None => cycles::open_id(db, scope).await?,
    };
    sqlx::query_file!(
        "sql/tasks/insert.sql",
        scope.project() as _,
        task as _,
        number,
        cycle as _,
        new.parent as _,
        new.kind as _,
        new.title.as_str(),
        priority,
        new.assignee as _,
        new.target_role as _,
        new.parent.is_some(),
        scope.actor().user as _,
        scope.actor().token as _,
        new.description.as_str(),
    )
    .execute(&mut *db)
    .await
    .map_err(|source| foreign_reference(source, new.assignee, new.target_role))?;

    let data = json!({
        "key": format!("{}-{number}", scope.project_key()),
        "type": new.kind,
        "title": new.title,
        "parent_id": new.parent,
    });
    events::record(db, scope, Change::new(EventKind::TaskCreated, Subject::Task(task), data))
        .await?;
    for (nth, prerequisite) in new.depends_on.iter().enumerate() {
        let field = || format!("depends_on[{nth}]");
        add_edge(db, scope, task, *prerequisite).await.map_err(|error| error.of_field(field()))?;
    }
    Ok(task)
}

/// Counts an open child that a feature gets, and answers the cycle that the child belongs to.
///
/// `levels` is how many levels the child brings with it. Refused for what is not an open feature.
pub(super) async fn adopt(
    db: &mut PgConnection,
    scope: &ProjectScope,
    parent: TaskId,
    open_children: i32,
    levels: usize,
) -> Result<CycleId> {
    let above = ancestors(db, scope, parent).await?;
    if above.len() + 1 + levels > MOST_LEVELS {
        return Err(Error::invalid(
            "parent_task_id",
            format!("at most {MOST_LEVELS} levels of tasks, and this would be one more"),
        ));
    }
    let cycle = sqlx::query_file_scalar!(
        "sql/tasks/adopt.sql",
        scope.project() as _,
        parent as _,
        open_children,
        open_children == 0,
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(cycle) = cycle {
        // Breaking a feature down is work on it.
        renew(db, scope, parent).await?;
        return Ok(cycle);
    }
    let parent = card(db, scope, parent).await?;
    if parent.kind == TaskType::Feature {
        return Err(Error::not_ready(
            format!("{} is closed as {} and takes no open child", parent.key, parent.state),
            "reopen it with set_state todo first, or name another parent",
        ));
    }
    Err(Error::invalid(
        "parent_task_id",
        format!("{} is no feature; only a feature has children", parent.key),
    ))
}

/// A member or role of another project, or of none, does not exist here: the keys refuse it.
pub(super) fn foreign_reference(
    source: sqlx::Error,
    assignee: Option<UserId>,
    target_role: Option<RoleId>,
) -> Error {
    let constraint = source.as_database_error().and_then(|error| error.constraint());
    match (constraint, assignee, target_role) {
        (Some("tasks_assignee_fkey"), Some(user), _) => Error::not_found(Kind::Member, user),
        (Some("tasks_target_role_fkey"), _, Some(role)) => Error::not_found(Kind::Role, role),
        _ => source.into(),
    }
}
