//! Taking work. Two callers never get the same task.
//!
//! The promise is kept by one statement with a row lock: see `sql/tasks/claim_next.sql`, and
//! `sql/tasks/claim_filtered.sql` for callers who want only some kinds of tasks.

use std::time::Duration;

use rand::RngExt as _;
use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::lock::{Locked, lock};
use super::model::{Card, Claim, Task, TaskState, TaskType};
use super::read::{TaskRow, card, get};
use super::relations::{open_children, open_prerequisites};
use crate::access::ProjectScope;
use crate::error::{Error, Result, TAKE_ANOTHER};
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::{ClaimId, RoleId, TaskId};

/// What a caller wants to be given. Filters narrow what it may take, and never widen it.
#[derive(Clone, Debug, Default)]
pub struct ClaimFilter {
    /// Only tasks that ask for this role, which the caller must hold.
    pub role: Option<RoleId>,
    /// Only this kind of work.
    pub kind: Option<TaskType>,
    /// Only children of this feature.
    pub parent: Option<TaskId>,
    /// Only tasks assigned to the caller's person.
    pub assigned_to_me: bool,
}

impl ClaimFilter {
    /// Whether rows of a lane are to be told apart. Not for `assigned_to_me`, which is a lane.
    fn narrows(&self) -> bool {
        self.kind.is_some() || self.role.is_some() || self.parent.is_some()
    }
}

/// How long a claim holds without a sign of life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lease {
    /// As long as the project says.
    #[default]
    OfProject,
    /// So many minutes, 1 to 1440. A project without leases stays without.
    Minutes(u16),
}

/// A task that is now the caller's.
#[derive(Clone, Debug, Serialize)]
pub struct Claimed {
    /// The task, `doing`.
    pub task: Task,
    /// The right to work on it.
    pub claim: Claim,
}

/// Hands the caller the best task it may take, or `None` when there is none.
///
/// N callers racing for M tasks get min(N, M) distinct tasks: `None` is only ever the answer of
/// an unlocked look that found nothing ready.
///
/// All that it writes is written by one statement: it may be called without a transaction, and then
/// nobody has to step over the task for longer than that takes.
pub async fn claim_next(
    db: &mut PgConnection,
    scope: &ProjectScope,
    filter: &ClaimFilter,
    lease: Lease,
) -> Result<Option<Claimed>> {
    scope.require_write("claim tasks")?;
    let all_lanes = lanes(scope, filter)?;
    let claim_id = ClaimId::fresh();

    let mut lanes = all_lanes.clone();
    let mut rounds: u32 = 0;
    loop {
        match attempt(db, scope, filter, &lanes, claim_id, lease).await? {
            Some(Attempt { task: Some(row), .. }) => {
                let task = row.into_task(scope);
                return Ok(Some(Claimed { claim: claim_on(&task, claim_id), task }));
            }
            // Everything ready in the best lane is being taken by others; look at the other lanes.
            Some(Attempt { lane: best, .. }) => lanes.retain(|lane| *lane != best),
            None if lanes.len() == all_lanes.len() => return Ok(None),
            None => lanes.clear(),
        }
        if lanes.is_empty() {
            rounds += 1;
            pause(rounds).await;
            lanes.clone_from(&all_lanes);
        }
    }
}

/// What one look at the queue came to.
struct Attempt {
    /// The lane with the best ready task.
    lane: Uuid,
    /// The task that was taken; absent when everything ready in the lane was locked.
    task: Option<TaskRow>,
}

/// Tries to take the best task of the lanes; `None` when nothing is ready in them.
async fn attempt(
    db: &mut PgConnection,
    scope: &ProjectScope,
    filter: &ClaimFilter,
    lanes: &[Uuid],
    claim_id: ClaimId,
    lease: Lease,
) -> Result<Option<Attempt>> {
    let (user, token) = (scope.user()?, scope.actor().token);
    let lease_seconds = lease_seconds(scope, lease);
    let found = if filter.narrows() {
        sqlx::query_file_as!(
            Attempt,
            "sql/tasks/claim_filtered.sql",
            scope.project() as _,
            lanes,
            filter.kind as _,
            filter.role as _,
            filter.parent as _,
            claim_id as _,
            user as _,
            token as _,
            lease_seconds,
        )
        .fetch_optional(db)
        .await
    } else {
        sqlx::query_file_as!(
            Attempt,
            "sql/tasks/claim_next.sql",
            scope.project() as _,
            lanes,
            claim_id as _,
            user as _,
            token as _,
            lease_seconds,
        )
        .fetch_optional(db)
        .await
    };
    found.map_err(no_member)
}

/// The claim that was just made on a task.
fn claim_on(task: &Task, claim_id: ClaimId) -> Claim {
    let lease_expires_at = task.card.held_by.as_ref().and_then(|holder| holder.lease_expires_at);
    Claim { claim_id, lease_expires_at }
}

/// Waits a moment, at random so that callers who collided do not collide again.
///
/// There is no last round: what is locked for longer, by the end of a cycle say, is not gone, and
/// the time limits of the statements end whoever locks it. Waiting for one of the rows instead
/// could deadlock, as a look that found a row changed keeps the lock on it.
async fn pause(round: u32) {
    let longest = 500 * u64::from(round.min(50));
    let pause = rand::rng().random_range(0..=longest);
    tokio::time::sleep(Duration::from_micros(pause)).await;
}

/// The task that [`claim_next`] would hand out now; changes nothing.
pub async fn next(
    db: &mut PgConnection,
    scope: &ProjectScope,
    filter: &ClaimFilter,
) -> Result<Option<Card>> {
    let lanes = lanes(scope, filter)?;
    let found = sqlx::query_file_scalar!(
        "sql/tasks/next.sql",
        scope.project() as _,
        &lanes,
        filter.kind as _,
        filter.role as _,
        filter.parent as _,
    )
    .fetch_optional(&mut *db)
    .await?;
    match found {
        Some(id) => Ok(Some(card(db, scope, id).await?)),
        None => Ok(None),
    }
}

/// Takes one named task, or says why not.
///
/// On a task that the same token holds: with the current `claim` it renews the lease and changes
/// nothing else; with `take_over` it gets a fresh claim and the old one is worthless. A person may
/// take over from anybody, which is recorded; an agent only from its own token's other session.
/// A person who holds the task has one session as good as another, and needs neither.
pub async fn claim(
    db: &mut PgConnection,
    scope: &ProjectScope,
    task: TaskId,
    claim: Option<ClaimId>,
    take_over: bool,
    lease: Lease,
) -> Result<Claimed> {
    scope.require_write("claim tasks")?;
    let user = scope.user()?;
    let lanes = lanes(scope, &ClaimFilter::default())?;
    let lease_seconds = lease_seconds(scope, lease);

    if claim.is_none() {
        let claim_id = ClaimId::fresh();
        let taken = sqlx::query_file_scalar!(
            "sql/tasks/claim_one.sql",
            scope.project() as _,
            task as _,
            &lanes,
            claim_id as _,
            user as _,
            scope.actor().token as _,
            lease_seconds,
        )
        .fetch_optional(&mut *db)
        .await
        .map_err(no_member)?;
        if let Some(row) = taken {
            let task = row.into_task(scope);
            return Ok(Claimed { claim: claim_on(&task, claim_id), task });
        }
    }

    let locked = lock(db, scope, task).await?;
    locked.fence(claim)?;
    let is_person = scope.actor().token.is_none();
    let claim = match locked.claim_id {
        Some(current) if locked.is_held_by(scope) && (claim == Some(current) || is_person) => {
            super::hold::beat(db, scope, task, None).await?
        }
        Some(_) if take_over && may_take_over(scope, &locked) => {
            fresh_claim(db, scope, &locked, lease_seconds).await?
        }
        Some(_) if locked.is_held_by(scope) => {
            return Err(Error::taken(
                format!("{} is held by this token, perhaps by another session", locked.key),
                "if that session is yours, name its claim_id, which whoami gives; if it is gone, \
                 pass take_over: true to claim; else take another task with claim_next",
            ));
        }
        Some(_) => return Err(locked.taken()),
        None => return Err(refusal(db, scope, &locked, &lanes).await?),
    };
    Ok(Claimed { task: get(db, scope, task).await?, claim })
}

/// Who holds a task becomes its assignee, so it has to be a member: an administrator may not be
/// one, and a member may be leaving at this moment.
fn no_member(source: sqlx::Error) -> Error {
    let refusal = Error::Forbidden {
        action: "claim tasks",
        because: "only a member of the project can hold its tasks".to_owned(),
    };
    Error::on_constraint(source, "tasks_assignee_fkey", refusal)
}

fn may_take_over(scope: &ProjectScope, locked: &Locked) -> bool {
    scope.actor().token.is_none() || locked.is_held_by(scope)
}

async fn fresh_claim(
    db: &mut PgConnection,
    scope: &ProjectScope,
    locked: &Locked,
    lease_seconds: Option<i32>,
) -> Result<Claim> {
    let claim_id = ClaimId::fresh();
    let lease_expires_at = sqlx::query_file_scalar!(
        "sql/tasks/take_over.sql",
        scope.project() as _,
        locked.id as _,
        claim_id as _,
        scope.user()? as _,
        scope.actor().token as _,
        lease_seconds,
    )
    .fetch_one(&mut *db)
    .await
    .map_err(no_member)?;
    let data = json!({
        "claim_id": claim_id,
        "taken_over_from": { "claim_id": locked.claim_id, "user_id": locked.holder_user_id, "token_id": locked.holder_token_id },
    });
    events::record(db, scope, Change::new(EventKind::TaskClaimed, Subject::Task(locked.id), data))
        .await?;
    Ok(Claim { claim_id, lease_expires_at })
}

/// Why a task that nobody holds was not handed out.
async fn refusal(
    db: &mut PgConnection,
    scope: &ProjectScope,
    locked: &Locked,
    lanes: &[Uuid],
) -> Result<Error> {
    let key = &locked.key;
    if !locked.state.is_open() {
        return Ok(Error::not_ready(
            format!("{key} is closed as {}", locked.state),
            "take another task with claim_next, or reopen it with set_state todo first",
        ));
    }
    if locked.open_prerequisites > 0 {
        let open = open_prerequisites(db, scope, locked.id).await?;
        return Ok(Error::Blocked { key: key.clone(), open });
    }
    if locked.kind == TaskType::Feature && locked.open_children > 0 {
        let open = open_children(db, scope, locked.id).await?;
        return Ok(Error::not_ready(
            format!(
                "{key} is a feature with {} open children: {}",
                locked.open_children,
                open.iter().take(5).map(|child| child.key.as_str()).collect::<Vec<_>>().join(", ")
            ),
            "take one of them, or another task with claim_next",
        ));
    }
    if let Some(assignee) = locked.assignee_id
        && !lanes.contains(&assignee.uuid())
    {
        let assignee = card(db, scope, locked.id).await?.assignee.unwrap_or_default();
        let reason = format!("{key} is {}, assigned to {assignee}", locked.state);
        return Ok(Error::taken(reason, "leave it, and take another task with claim_next"));
    }
    if let Some(role) = locked.target_role_id
        && !lanes.contains(&role.uuid())
    {
        let role = card(db, scope, locked.id).await?.target_role.unwrap_or_default();
        let reason = format!("{key} asks for the role {role}, which you do not hold");
        return Ok(Error::not_ready(reason, TAKE_ANOTHER));
    }
    debug_assert!(locked.ready && locked.state == TaskState::Todo);
    Ok(Error::not_ready(format!("{key} has just become free"), "claim it again"))
}

/// Whose tasks the caller may take: its own, those of its roles, those of everybody.
pub(super) fn lanes(scope: &ProjectScope, filter: &ClaimFilter) -> Result<Vec<Uuid>> {
    let me = scope.user()?.uuid();
    if let Some(role) = filter.role
        && !scope.roles().contains(&role)
    {
        return Err(Error::invalid("role_id", "must be a role that you hold; see whoami"));
    }
    if filter.assigned_to_me {
        return Ok(vec![me]);
    }
    Ok(match filter.role {
        Some(role) => vec![me, role.uuid()],
        None => [me, Uuid::nil()]
            .into_iter()
            .chain(scope.roles().iter().map(|role| role.uuid()))
            .collect(),
    })
}

/// The lease of a claim in seconds; `None` when it holds for ever, as a person's does.
fn lease_seconds(scope: &ProjectScope, lease: Lease) -> Option<i32> {
    if scope.actor().token.is_none() || scope.lease_minutes() == 0 {
        return None;
    }
    let minutes = match lease {
        Lease::OfProject => scope.lease_minutes(),
        Lease::Minutes(minutes) => i32::from(minutes),
    };
    Some(minutes * 60)
}
