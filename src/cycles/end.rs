//! Ending a cycle: the next one opens, and what is open moves into it.

use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use super::reference::ALL;
use super::{Cycle, current, get_row};
use crate::access::{ProjectScope, Standing};
use crate::error::{Error, Result};
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::CycleId;
use crate::projects;
use crate::text::Line;

/// The name of a cycle to come.
pub type NextName = Line<100>;

/// What ending a cycle has done.
#[derive(Clone, Debug, Serialize)]
pub struct Ended {
    /// The cycle that was open, with what stayed in it.
    pub closed: Cycle,
    /// The cycle that is open now, with what came over.
    pub next: Cycle,
    /// How many tasks moved: the open ones, and the closed ones below an open feature.
    pub moved: i64,
}

/// Ends the open cycle and opens the next, with every open task and every open feature's subtree.
///
/// Without a name the next cycle gets the project's label and its position.
///
/// The project's lock keeps out whatever puts an open task into the cycle that is ending. Claims
/// do not take the lock and go on: one that holds a task's row is waited for, and then the task
/// moves as it is.
pub async fn end(
    db: &mut PgConnection,
    scope: &ProjectScope,
    next_name: Option<&NextName>,
) -> Result<Ended> {
    scope.require(Standing::Owner, "end the cycle")?;
    projects::lock_links(db, scope).await?;

    let closing = sqlx::query_file!("sql/cycles/closing.sql", scope.project() as _)
        .fetch_one(&mut *db)
        .await?;
    let (closing_id, next_id) = (CycleId::from(closing.id), CycleId::fresh());
    let position = closing.position + 1;
    let name = match next_name {
        Some(name) => accept(db, scope, name).await?,
        None => made_up(db, scope, &closing.cycle_label, position).await?,
    };

    sqlx::query_file!(
        "sql/cycles/close.sql",
        scope.project() as _,
        closing_id as _,
        scope.actor().user as _,
        scope.actor().token as _,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_file!(
        "sql/cycles/open_next.sql",
        scope.project() as _,
        next_id as _,
        name,
        position
    )
    .execute(&mut *db)
    .await?;
    projects::take_time(db).await?;
    let carried = sqlx::query_file!(
        "sql/cycles/carry_over.sql",
        scope.project() as _,
        closing_id as _,
        next_id as _,
    )
    .fetch_one(&mut *db)
    .await?;

    let data = json!({
        "name": closing.name,
        "next": { "id": next_id, "name": name },
        "moved": carried.moved,
        "carried_over": carried.open,
    });
    let ended = Change::new(EventKind::CycleEnded, Subject::Cycle(closing_id), data);
    events::record(db, scope, ended).await?;
    Ok(Ended {
        closed: get_row(db, scope, closing_id).await?,
        next: current(db, scope).await?,
        moved: carried.moved,
    })
}

async fn accept(db: &mut PgConnection, scope: &ProjectScope, name: &NextName) -> Result<String> {
    const FIELD: &str = "next_name";
    let name = name.as_str().to_owned();
    if name == ALL {
        return Err(Error::invalid(FIELD, "another name: `all` means every cycle"));
    }
    if !taken(db, scope, std::slice::from_ref(&name)).await?.is_empty() {
        return Err(Error::invalid(FIELD, "another cycle of this project has that name"));
    }
    Ok(name)
}

/// The label and the position; should somebody have used that name, with a number behind it.
async fn made_up(
    db: &mut PgConnection,
    scope: &ProjectScope,
    label: &str,
    position: i32,
) -> Result<String> {
    let names: Vec<_> = std::iter::once(format!("{label}-{position}"))
        .chain((2..).map(|nth| format!("{label}-{position}-{nth}")))
        // One more than there are cycles, so one of them is free.
        .take(usize::try_from(position).unwrap_or(1))
        .collect();
    let taken = taken(db, scope, &names).await?;
    names.into_iter().find(|name| !taken.contains(name)).ok_or_else(|| {
        Error::invalid("next_name", "give one: every name made from the label is taken")
    })
}

async fn taken(
    db: &mut PgConnection,
    scope: &ProjectScope,
    names: &[String],
) -> Result<Vec<String>> {
    Ok(sqlx::query_file_scalar!("sql/cycles/taken_names.sql", scope.project() as _, names)
        .fetch_all(db)
        .await?)
}
