//! Opening a closed task again, with the features that it is part of.

use serde_json::json;
use sqlx::PgConnection;

use super::links::{after_opening, ancestors};
use super::lock::lock;
use super::model::Card;
use super::read::card;
use crate::access::ProjectScope;
use crate::cycles;
use crate::error::Result;
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::TaskId;
use crate::projects::lock_links;

/// Puts a closed task back to `todo`, and its closed features with it.
///
/// If it was in a cycle that has ended, the whole feature it is part of comes over into the open
/// cycle: an open task is never left in a closed one. On an open task it changes nothing.
pub async fn reopen(db: &mut PgConnection, scope: &ProjectScope, task: TaskId) -> Result<Card> {
    scope.require_write("reopen tasks")?;
    // Also against the end of a cycle, which must not miss a task that is opened meanwhile.
    lock_links(db, scope).await?;
    let locked = lock(db, scope, task).await?;
    if locked.state.is_open() {
        return card(db, scope, task).await;
    }
    let above = ancestors(db, scope, task).await?;
    let mut opened = vec![(task, locked.state)];
    opened.extend(
        above
            .iter()
            .filter(|feature| !feature.state.is_open())
            .map(|feature| (feature.id, feature.state)),
    );
    let ids: Vec<_> = opened.iter().map(|(id, _)| *id).collect();

    let (top, cycle) =
        above.last().map_or((task, locked.cycle_id), |feature| (feature.id, feature.cycle_id));
    let open_cycle = cycles::open_id(db, scope).await?;
    if cycle != open_cycle {
        sqlx::query_file!(
            "sql/tasks/move_to_cycle.sql",
            scope.project() as _,
            top as _,
            open_cycle as _
        )
        .execute(&mut *db)
        .await?;
    }
    sqlx::query_file!("sql/tasks/open_many.sql", scope.project() as _, ids.as_slice() as _)
        .execute(&mut *db)
        .await?;
    after_opening(db, scope, &ids).await?;

    let changes: Vec<_> = opened
        .into_iter()
        .map(|(id, from)| {
            Change::new(EventKind::TaskReopened, Subject::Task(id), json!({ "from": from }))
        })
        .collect();
    events::record_all(db, scope, &changes).await?;
    card(db, scope, task).await
}
