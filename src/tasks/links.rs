//! What links tasks: edges and parents, and the counters from which readiness follows.
//!
//! `open_prerequisites` and `open_children` are moved here, by the transaction that changes an
//! edge, a parent, or the open or closed side of a linked task. Each of those has taken the
//! project's lock ([`crate::projects::lock_links`]) before any row, which orders them, and keeps
//! loop detection and roll-up exact. Closing a task without links takes no such lock: `linked` on
//! the row is set, under the lock, before its first edge, and is never cleared.

use serde_json::json;
use sqlx::PgConnection;

use super::model::{TaskState, TaskType};
use crate::access::ProjectScope;
use crate::error::Result;
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::{CycleId, TaskId};

/// To which side tasks moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Closed,
    Opened,
}

impl Side {
    fn delta(self) -> i32 {
        match self {
            Self::Closed => -1,
            Self::Opened => 1,
        }
    }
}

/// Through what a task has heard of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Via {
    Prerequisite,
    Child,
}

/// A task whose counters have moved.
#[derive(Clone, Debug)]
struct Neighbour {
    id: TaskId,
    ready: bool,
    state: TaskState,
    kind: TaskType,
    open_prerequisites: i32,
    open_children: i32,
}

impl Neighbour {
    /// A feature that nothing open is below.
    fn may_roll_up(&self) -> bool {
        self.kind == TaskType::Feature && self.state.is_open() && self.open_children == 0
    }
}

/// What closing tasks has set in motion.
#[derive(Clone, Debug, Default)]
pub(super) struct Consequences {
    /// Tasks that can be taken because of it.
    pub(super) now_ready: Vec<TaskId>,
    /// Features that closed because of it, the innermost first.
    pub(super) rolled_up: Vec<TaskId>,
}

/// A feature above a task.
pub(super) struct Ancestor {
    pub(super) id: TaskId,
    pub(super) state: TaskState,
    pub(super) cycle_id: CycleId,
}

/// The feature that a task is part of, that one's feature and so on, nearest first.
pub(super) async fn ancestors(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
) -> Result<Vec<Ancestor>> {
    Ok(sqlx::query_file_as!(Ancestor, "sql/tasks/ancestors.sql", scope.project() as _, task as _)
        .fetch_all(db)
        .await?)
}

/// Marks tasks as linked; waits for whoever is closing one of them as unlinked.
pub(super) async fn mark_linked(
    db: &mut PgConnection,
    scope: &ProjectScope,
    tasks: &[TaskId],
) -> Result<()> {
    sqlx::query_file!("sql/tasks/mark_linked.sql", scope.project() as _, tasks as _)
        .execute(db)
        .await?;
    Ok(())
}

/// Tells everything around tasks that were just opened again.
pub(super) async fn after_opening(
    db: &mut PgConnection,
    scope: &ProjectScope,
    tasks: &[TaskId],
) -> Result<()> {
    count(db, scope, tasks, Side::Opened).await?;
    Ok(())
}

/// Tells everything around tasks that were just closed, and closes the features that this completes.
pub(super) async fn after_closing(
    db: &mut PgConnection,
    scope: &ProjectScope,
    tasks: &[TaskId],
) -> Result<Consequences> {
    let mut consequences = Consequences::default();
    let mut closed = tasks.to_vec();
    while !closed.is_empty() {
        let touched = count(db, scope, &closed, Side::Closed).await?;
        closed.clear();
        for (neighbour, via) in touched {
            if neighbour.may_roll_up() && roll_up(db, scope, &neighbour, via).await? {
                closed.push(neighbour.id);
            } else if neighbour.ready && neighbour.open_prerequisites == 0 {
                consequences.now_ready.push(neighbour.id);
            }
        }
        consequences.rolled_up.extend(&closed);
    }
    consequences.now_ready.retain(|task| !consequences.rolled_up.contains(task));
    Ok(consequences)
}

/// Closes a feature whose children are all closed: as done when one of them is, else as won't do.
///
/// A feature without children has nothing to follow, and one that waits for something open is not
/// done: it follows when that closes. One that will not be done has followed its last child, so
/// if it is open then, somebody has reopened it and means to go on.
async fn roll_up(
    db: &mut PgConnection,
    scope: &ProjectScope,
    feature: &Neighbour,
    via: Via,
) -> Result<bool> {
    let children =
        sqlx::query_file!("sql/tasks/children_outcome.sql", scope.project() as _, feature.id as _)
            .fetch_one(&mut *db)
            .await?;
    let outcome = if children.any_done { TaskState::Done } else { TaskState::WontDo };
    let follows = match outcome {
        TaskState::Done => feature.open_prerequisites == 0,
        _ => via == Via::Child,
    };
    if children.children == 0 || !follows {
        return Ok(false);
    }
    let closed = set_closed(db, scope, &[feature.id], outcome).await?;
    if closed.is_empty() {
        return Ok(false);
    }
    let data = json!({ "state": outcome, "rolled_up": true });
    events::record(db, scope, Change::new(EventKind::TaskClosed, Subject::Task(feature.id), data))
        .await?;
    Ok(true)
}

/// Closes those of the tasks that are open, and answers which.
pub(super) async fn set_closed(
    db: &mut PgConnection,
    scope: &ProjectScope,
    tasks: &[TaskId],
    state: TaskState,
) -> Result<Vec<TaskId>> {
    Ok(sqlx::query_file_scalar!(
        "sql/tasks/close_many.sql",
        scope.project() as _,
        tasks as _,
        state as _
    )
    .fetch_all(db)
    .await?)
}

async fn count(
    db: &mut PgConnection,
    scope: &ProjectScope,
    tasks: &[TaskId],
    side: Side,
) -> Result<Vec<(Neighbour, Via)>> {
    let mut touched = sqlx::query_file_as!(
        Neighbour,
        "sql/tasks/count_prerequisites.sql",
        scope.project() as _,
        tasks as _,
        side.delta(),
    )
    .fetch_all(&mut *db)
    .await?;
    let parents = sqlx::query_file_as!(
        Neighbour,
        "sql/tasks/count_children.sql",
        scope.project() as _,
        tasks as _,
        side.delta(),
    )
    .fetch_all(db)
    .await?;
    // One that is both a dependant and a parent is looked at as it stands after both counts.
    touched.retain(|task| parents.iter().all(|parent| parent.id != task.id));
    let touched = touched.into_iter().map(|task| (task, Via::Prerequisite));
    Ok(touched.chain(parents.into_iter().map(|parent| (parent, Via::Child))).collect())
}

/// A task whose stored counters are wrong.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the stored values, and what they should be")]
pub struct Drift {
    pub id: TaskId,
    pub number: i32,
    pub open_prerequisites: i32,
    pub true_prerequisites: i32,
    pub open_children: i32,
    pub true_children: i32,
    pub linked: bool,
    pub is_linked: bool,
}

/// Compares the stored counters with the definition computed from scratch; answers what differs.
pub async fn drift(db: &mut PgConnection, scope: &ProjectScope) -> Result<Vec<Drift>> {
    Ok(sqlx::query_file_as!(Drift, "sql/tasks/drift.sql", scope.project() as _)
        .fetch_all(db)
        .await?)
}
