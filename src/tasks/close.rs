//! Finishing work: comment, commits, state, and what follows from it, in one transaction.

use serde::Serialize;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};

use super::comments::write_comment;
use super::commits::{NewCommit, write_commit};
use super::hold::Force;
use super::links::{Consequences, after_closing, set_closed};
use super::lock::{Locked, lock};
use super::model::{Card, Outcome, TaskState, TaskType};
use super::read::{card, cards};
use super::relations::{open_children, open_prerequisites};
use crate::access::ProjectScope;
use crate::error::{Error, Kind, Result};
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::{ClaimId, CommentId, TaskId, TokenId, UserId};
use crate::projects::lock_links;
use crate::text::CommentBody;

/// How a task is to be closed.
#[derive(Clone, Debug, Default)]
pub struct Close {
    /// Done, or won't do.
    pub outcome: Outcome,
    /// What was done, for whoever reads it next.
    pub comment: Option<CommentBody>,
    /// What was shipped.
    pub commits: Vec<NewCommit>,
    /// The caller's claim: when it is over, nothing is written.
    pub claim: Option<ClaimId>,
    /// Closes a feature's open children as won't do with it.
    pub cascade: bool,
    /// A person may close what somebody else holds.
    pub force: Force,
}

/// What closing a task did.
#[derive(Clone, Debug, Serialize)]
pub struct Closed {
    /// The task as it is now.
    pub task: Card,
    /// The comment that was written.
    pub comment_id: Option<CommentId>,
    /// How many commits were linked.
    pub linked_commit_count: usize,
    /// The keys of tasks that can be taken because of it.
    pub now_ready: Vec<String>,
    /// The keys of features that closed because of it, the innermost first.
    pub rolled_up: Vec<String>,
}

/// Closes a task. If anything is refused, nothing of it is stored.
///
/// Closing again with the same state is not an error and changes nothing: neither comment nor
/// commits are written a second time.
pub async fn close(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    close: &Close,
) -> Result<Closed> {
    scope.require_write("close tasks")?;
    let consequences = if close_alone(db, scope, task, close).await? {
        Some(Consequences::default())
    } else {
        close_linked(db, scope, task, close).await?
    };
    let Some(consequences) = consequences else { return unchanged(db, scope, task).await };

    let comment_id = match &close.comment {
        Some(comment) => Some(write_comment(db, scope, task, comment).await?.0),
        None => None,
    };
    for commit in &close.commits {
        write_commit(db, scope, task, commit).await?;
    }
    Ok(Closed {
        task: card(db, scope, task).await?,
        comment_id,
        linked_commit_count: close.commits.len(),
        now_ready: keys(db, scope, &consequences.now_ready).await?,
        rolled_up: keys(db, scope, &consequences.rolled_up).await?,
    })
}

/// The answer about a task that is closed so already.
async fn unchanged(db: &mut PgConnection, scope: &ProjectScope, task: TaskId) -> Result<Closed> {
    Ok(Closed {
        task: card(db, scope, task).await?,
        comment_id: None,
        linked_commit_count: 0,
        now_ready: Vec::new(),
        rolled_up: Vec::new(),
    })
}

/// Closes a task without links, in one statement and without the project's lock.
///
/// Answers whether it did; if not, a rule may be in the way or the task may be linked.
///
/// A statement that has waited for a row keeps the lock on it, also when the row's newest version
/// is not what it looks for. The savepoint gives that lock back: the project's lock comes before
/// any row.
async fn close_alone(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    close: &Close,
) -> Result<bool> {
    let mut attempt = db.begin().await?;
    let closed = sqlx::query_file_scalar!(
        "sql/tasks/close_unlinked.sql",
        scope.project() as _,
        task as _,
        close.outcome.state() as _,
        close.claim as _,
        scope.actor().user as _,
        scope.actor().token as _,
    )
    .fetch_optional(&mut *attempt)
    .await?;
    if closed.is_some() {
        attempt.commit().await?;
    } else {
        attempt.rollback().await?;
    }
    Ok(closed.is_some())
}

/// Closes a task under the project's lock; `None` when it is closed so already.
async fn close_linked(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    close: &Close,
) -> Result<Option<Consequences>> {
    lock_links(db, scope).await?;
    let locked = lock(db, scope, task).await?;
    let target = close.outcome.state();
    locked.fence(close.claim)?;
    if locked.state == target {
        return Ok(None);
    }
    if !locked.state.is_open() {
        return Err(Error::not_ready(
            format!("{} is closed as {}", locked.key, locked.state),
            "leave it so, or reopen it with set_state todo first",
        ));
    }
    if !close.force.lets(scope) {
        locked.require_free_or_mine(scope)?;
    }

    let mut tasks = vec![task];
    if target == TaskState::Done {
        require_nothing_open_before(db, scope, &locked).await?;
    } else if locked.kind == TaskType::Feature && locked.open_children > 0 {
        tasks.extend(open_descendants(db, scope, &locked, close).await?);
    }
    let closed = set_closed(db, scope, &tasks, target).await?;
    let changes: Vec<_> = closed
        .iter()
        .map(|id| {
            let data = if *id == task {
                json!({ "state": target, "claim_id": locked.claim_id })
            } else {
                json!({ "state": target, "cascade_from": task })
            };
            Change::new(EventKind::TaskClosed, Subject::Task(*id), data)
        })
        .collect();
    events::record_all(db, scope, &changes).await?;
    after_closing(db, scope, &closed).await.map(Some)
}

async fn require_nothing_open_before(
    db: &mut PgConnection,
    scope: &ProjectScope,
    locked: &Locked,
) -> Result<()> {
    let mut open = Vec::new();
    if locked.open_prerequisites > 0 {
        open = open_prerequisites(db, scope, locked.id).await?;
    }
    if locked.kind == TaskType::Feature && locked.open_children > 0 {
        open.extend(open_children(db, scope, locked.id).await?);
    }
    if open.is_empty() {
        return Ok(());
    }
    Err(Error::Blocked { key: locked.key.clone(), open })
}

/// What closes with a feature that will not be done.
async fn open_descendants(
    db: &mut PgConnection,
    scope: &ProjectScope,
    feature: &Locked,
    close: &Close,
) -> Result<Vec<TaskId>> {
    if !close.cascade {
        let open = open_children(db, scope, feature.id).await?;
        return Err(Error::not_ready(
            format!(
                "{} has open children: {}",
                feature.key,
                open.iter().take(10).map(|child| child.key.as_str()).collect::<Vec<_>>().join(", ")
            ),
            "pass cascade: true to close them as wont_do with it, or close them one by one",
        ));
    }
    let below = sqlx::query_file_as!(
        Descendant,
        "sql/tasks/descendants.sql",
        scope.project() as _,
        feature.id as _
    )
    .fetch_all(db)
    .await?;
    let held: Vec<_> = below
        .iter()
        .filter(|child| child.state == TaskState::Doing && !child.is_held_by(scope))
        .map(|child| child.key.as_str())
        .collect();
    if !held.is_empty() && !close.force.lets(scope) {
        return Err(Error::taken(
            format!(
                "{} cannot be closed with its children: others are working on {}",
                feature.key,
                held.join(", ")
            ),
            "let them finish or release those, then close it",
        ));
    }
    Ok(below.iter().filter(|child| child.state.is_open()).map(|child| child.id).collect())
}

/// A task somewhere below a feature.
struct Descendant {
    id: TaskId,
    key: String,
    state: TaskState,
    holder_user_id: Option<UserId>,
    holder_token_id: Option<TokenId>,
}

impl Descendant {
    fn is_held_by(&self, scope: &ProjectScope) -> bool {
        self.holder_user_id == scope.actor().user && self.holder_token_id == scope.actor().token
    }
}

async fn keys(
    db: &mut PgConnection,
    scope: &ProjectScope,
    tasks: &[TaskId],
) -> Result<Vec<String>> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let cards = cards(db, scope, tasks).await?;
    // In the order given, which for features is the innermost first.
    tasks
        .iter()
        .map(|id| {
            cards
                .iter()
                .find(|card| card.id == *id)
                .map(|card| card.key.clone())
                .ok_or_else(|| Error::not_found(Kind::Task, id))
        })
        .collect()
}
