//! The lock under which a project's task graph changes.
//!
//! Everything that changes an edge, a parent, or the open or closed side of a task that has either,
//! takes it exclusively, and so do reopening and the end of a cycle. What adds an open task without
//! links takes it shared: it may run beside others of its kind, but not beside the end of the cycle
//! it is put into. Claiming takes none. It is taken before the lock on any row, and held until the
//! transaction ends.

use sqlx::PgConnection;

use crate::access::ProjectScope;
use crate::error::Result;

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
