//! Reading tasks: one whole, some as cards, a page of a list.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::model::{Card, CycleName, Holder, Task, TaskState, TaskType, Who};
use crate::access::ProjectScope;
use crate::error::{Error, Kind, Result};
use crate::ids::{CycleId, RoleId, TaskId, TokenId, UserId};

/// Reads one task.
pub async fn get(db: &mut PgConnection, scope: &ProjectScope, task: TaskId) -> Result<Task> {
    let row = sqlx::query_file_scalar!("sql/tasks/get.sql", scope.project() as _, task as _)
        .fetch_optional(db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::Task, task))?;
    Ok(row.into_task(scope))
}

/// Reads one task as a card.
pub async fn card(db: &mut PgConnection, scope: &ProjectScope, task: TaskId) -> Result<Card> {
    cards(db, scope, &[task]).await?.pop().ok_or_else(|| Error::not_found(Kind::Task, task))
}

/// Reads tasks as cards, best first; ids that are not here are left out.
pub async fn cards(
    db: &mut PgConnection,
    scope: &ProjectScope,
    tasks: &[TaskId],
) -> Result<Vec<Card>> {
    let rows =
        sqlx::query_file_as!(CardRow, "sql/tasks/cards.sql", scope.project() as _, tasks as _)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(Card::from).collect())
}

/// What narrows a list. The default is: open tasks of every cycle, children included.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Only this cycle.
    pub cycle: Option<CycleId>,
    /// Only this state, closed or not.
    pub state: Option<TaskState>,
    /// Closed tasks too.
    pub include_closed: bool,
    /// Only this kind of work.
    pub kind: Option<TaskType>,
    /// Only tasks of this assignee, or of nobody.
    pub assignee: Option<Assignee>,
    /// Only tasks that ask for this role.
    pub target_role: Option<RoleId>,
    /// Only children of this feature.
    pub parent: Option<TaskId>,
    /// Whether tasks with a parent are listed.
    pub include_children: bool,
    /// Only tasks that can be taken, or only those that cannot.
    pub ready: Option<bool>,
    /// Only tasks that this token holds.
    pub held_by: Option<TokenId>,
    /// Part of the title in any case, or a number, or a key.
    pub text: Option<String>,
}

/// Whose tasks a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignee {
    /// One member's.
    Member(UserId),
    /// Those that nobody is meant to do.
    Nobody,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            cycle: None,
            state: None,
            include_closed: false,
            kind: None,
            assignee: None,
            target_role: None,
            parent: None,
            include_children: true,
            ready: None,
            held_by: None,
            text: None,
        }
    }
}

/// Where a list goes on: after this row, whatever has been inserted since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    priority: i16,
    number: i32,
}

impl Cursor {
    /// The place behind a row.
    #[must_use]
    pub fn after(card: &Card) -> Self {
        Self { priority: card.priority, number: card.number }
    }

    /// The opaque text that clients hand back.
    #[must_use]
    pub fn encode(self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(format!("{}.{}", self.priority, self.number))
    }

    /// Reads what [`encode`](Self::encode) wrote; anything else is refused.
    pub fn decode(text: &str) -> Result<Self> {
        let broken = || Error::invalid("cursor", "expected the next_cursor of the page before");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| broken())?;
        let text = std::str::from_utf8(&bytes).map_err(|_| broken())?;
        let (priority, number) = text.split_once('.').ok_or_else(broken)?;
        let cursor = Self {
            priority: priority.parse().map_err(|_| broken())?,
            number: number.parse().map_err(|_| broken())?,
        };
        // The statement negates the number, which the lowest one of its type does not survive.
        if cursor.number < 1 {
            return Err(broken());
        }
        Ok(cursor)
    }
}

/// Some rows of a list, and whether there are more.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether rows follow.
    pub has_more: bool,
}

/// Reads a page of tasks, best first: by priority, then the oldest.
pub async fn list(
    db: &mut PgConnection,
    scope: &ProjectScope,
    filter: &Filter,
    after: Option<Cursor>,
    limit: u16,
) -> Result<Page<Card>> {
    let assignee = match filter.assignee {
        Some(Assignee::Member(user)) => Some(user),
        _ => None,
    };
    let text = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let mut rows = sqlx::query_file_as!(
        CardRow,
        "sql/tasks/list.sql",
        scope.project() as _,
        filter.cycle as _,
        filter.state as _,
        filter.include_closed || filter.state.is_some(),
        filter.kind as _,
        assignee as _,
        filter.assignee == Some(Assignee::Nobody),
        filter.target_role as _,
        filter.parent as _,
        filter.include_children || filter.parent.is_some(),
        filter.ready,
        filter.held_by as _,
        text.map(escape_like),
        text.and_then(|text| number_in(text, scope.project_key())),
        after.map(|cursor| cursor.priority),
        after.map(|cursor| cursor.number),
        i64::from(limit) + 1,
    )
    .fetch_all(db)
    .await?;
    let has_more = rows.len() > usize::from(limit);
    rows.truncate(usize::from(limit));
    Ok(Page { rows: rows.into_iter().map(Card::from).collect(), has_more })
}

fn escape_like(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

/// The number that a text names, as `42`, `#42` or `NOT-42`.
fn number_in(text: &str, project_key: &str) -> Option<i32> {
    let digits = match text.split_once('-') {
        Some((key, digits)) if key.eq_ignore_ascii_case(project_key) => digits,
        Some(_) => return None,
        None => text.strip_prefix('#').unwrap_or(text),
    };
    digits.parse().ok()
}

pub(super) struct CardRow {
    id: TaskId,
    number: i32,
    key: String,
    kind: TaskType,
    title: String,
    state: TaskState,
    priority: i16,
    priority_key: Option<String>,
    ready: bool,
    parent_key: Option<String>,
    target_role: Option<String>,
    assignee: Option<String>,
    holder: Option<String>,
    holder_token: Option<String>,
    claimed_at: Option<DateTime<Utc>>,
    lease_expires_at: Option<DateTime<Utc>>,
    progress_note: Option<String>,
    version: i32,
    updated_at: DateTime<Utc>,
}

impl From<CardRow> for Card {
    fn from(row: CardRow) -> Self {
        Self {
            id: row.id,
            number: row.number,
            key: row.key,
            kind: row.kind,
            title: row.title,
            state: row.state,
            priority: row.priority,
            priority_key: row.priority_key,
            ready: row.ready,
            parent_key: row.parent_key,
            target_role: row.target_role,
            assignee: row.assignee,
            held_by: held_by(
                row.holder,
                row.holder_token,
                row.claimed_at,
                row.lease_expires_at,
                row.progress_note,
            ),
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

/// One task as `whole_task` gives it, to the statement that reads it and to those that claim it.
#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "whole_task")]
pub(super) struct TaskRow {
    id: TaskId,
    number: i32,
    key: String,
    kind: TaskType,
    title: String,
    state: TaskState,
    priority: i16,
    priority_key: Option<String>,
    ready: bool,
    parent_id: Option<TaskId>,
    parent_key: Option<String>,
    parent_title: Option<String>,
    target_role_id: Option<RoleId>,
    target_role: Option<String>,
    assignee_id: Option<UserId>,
    assignee: Option<String>,
    holder: Option<String>,
    holder_token: Option<String>,
    holder_token_id: Option<TokenId>,
    claimed_at: Option<DateTime<Utc>>,
    lease_expires_at: Option<DateTime<Utc>>,
    progress_note: Option<String>,
    cycle_id: CycleId,
    cycle_name: String,
    open_prerequisites: i32,
    open_children: i32,
    started_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    edited_at: Option<DateTime<Utc>>,
    description: String,
    creator: Option<String>,
    creator_token: Option<String>,
    editor: Option<String>,
    editor_token: Option<String>,
    comment_count: i64,
    commit_count: i64,
}

impl TaskRow {
    /// The task, in the project of the scope that it was read with.
    pub(super) fn into_task(self, scope: &ProjectScope) -> Task {
        Task {
            card: Card {
                id: self.id,
                number: self.number,
                key: self.key,
                kind: self.kind,
                title: self.title,
                state: self.state,
                priority: self.priority,
                priority_key: self.priority_key,
                ready: self.ready,
                parent_key: self.parent_key,
                target_role: self.target_role,
                assignee: self.assignee,
                held_by: held_by(
                    self.holder,
                    self.holder_token,
                    self.claimed_at,
                    self.lease_expires_at,
                    self.progress_note,
                ),
                updated_at: self.updated_at,
                version: self.version,
            },
            description: self.description,
            description_truncated: false,
            project_id: scope.project(),
            cycle: CycleName { id: self.cycle_id, name: self.cycle_name },
            parent_task_id: self.parent_id,
            parent_title: self.parent_title,
            target_role_id: self.target_role_id,
            assignee_user_id: self.assignee_id,
            started_at: self.started_at,
            closed_at: self.closed_at,
            created_by: self.creator.map(|user| Who { user, token: self.creator_token }),
            edited_by: self.editor.map(|user| Who { user, token: self.editor_token }),
            edited_at: self.edited_at,
            created_at: self.created_at,
            open_prerequisites: self.open_prerequisites,
            open_children: self.open_children,
            comment_count: self.comment_count,
            commit_count: self.commit_count,
            holder_token_id: self.holder_token_id,
        }
    }
}

fn held_by(
    user: Option<String>,
    token: Option<String>,
    since: Option<DateTime<Utc>>,
    lease_expires_at: Option<DateTime<Utc>>,
    note: Option<String>,
) -> Option<Holder> {
    Some(Holder { who: Who { user: user?, token }, since: since?, lease_expires_at, note })
}
