//! The locks under which a project changes.
//!
//! The lock of the task graph: everything that changes an edge, a parent, or the open or closed side
//! of a task that has either, takes it exclusively, and so do reopening and the end of a cycle. What
//! adds an open task without links takes it shared: it may run beside others of its kind, but not
//! beside the end of the cycle it is put into. Claiming takes none. It is taken before the lock on
//! any row, and held until the transaction ends.
//!
//! The lock of the project's row: what changes settings, owner, members, roles or buckets takes it,
//! so that what such a change has looked at holds until it is written. It comes after the lock of the
//! task graph, for those that need both, and before every other row.

use sqlx::PgConnection;

use crate::access::ProjectScope;
use crate::error::{Error, Kind, Result};
use crate::ids::UserId;

/// Waits until nobody else changes the project's task graph, and keeps others out.
pub async fn lock_links(db: &mut PgConnection, scope: &ProjectScope) -> Result<()> {
    sqlx::query_file!("sql/projects/lock_links.sql", scope.project() as _).execute(db).await?;
    Ok(())
}

/// Waits until nobody changes the project's task graph exclusively, and keeps such changes out.
pub async fn lock_links_shared(db: &mut PgConnection, scope: &ProjectScope) -> Result<()> {
    sqlx::query_file!("sql/projects/lock_links_shared.sql", scope.project() as _)
        .execute(db)
        .await?;
    Ok(())
}

/// A project whose row this transaction has locked.
pub(super) struct LockedProject {
    /// Who owns it now.
    pub(super) owner_id: UserId,
    /// How often its settings were written.
    pub(super) version: i32,
    /// Whether it is put away now; the scope says how it was at the door.
    pub(super) is_archived: bool,
}

impl LockedProject {
    /// Refuses `action` when the project was archived after the caller came in.
    pub(super) fn require_write(&self, action: &'static str) -> Result<()> {
        if self.is_archived {
            return Err(Error::archived(action));
        }
        Ok(())
    }
}

/// Waits until nobody else changes the project as such, and keeps others out.
pub(super) async fn lock_project(
    db: &mut PgConnection,
    scope: &ProjectScope,
) -> Result<LockedProject> {
    sqlx::query_file_as!(LockedProject, "sql/projects/lock.sql", scope.project() as _)
        .fetch_optional(db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::Project, scope.project()))
}

/// The same for a change that an archived project does not take.
pub(super) async fn lock_for_write(
    db: &mut PgConnection,
    scope: &ProjectScope,
    action: &'static str,
) -> Result<LockedProject> {
    let locked = lock_project(db, scope).await?;
    locked.require_write(action)?;
    Ok(locked)
}

/// Lets the statements of this transaction run for longer, where they touch every task.
pub(crate) async fn take_time(db: &mut PgConnection) -> Result<()> {
    sqlx::query_file!("sql/projects/take_time.sql").fetch_one(db).await?;
    Ok(())
}
