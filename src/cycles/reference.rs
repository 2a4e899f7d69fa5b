//! Cycles as callers name them.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::access::ProjectScope;
use crate::error::{Error, Kind, Result};
use crate::ids::CycleId;
use crate::projects::{missing, reference};

reference!(
    /// A cycle, by id or name; or `all`, where a tool allows it.
    CycleRef
);

/// What no cycle may be called, because it means every cycle.
pub(super) const ALL: &str = "all";

impl CycleRef {
    /// The cycle that is meant, among those of the project. `field` is where the caller wrote it.
    pub async fn resolve(
        &self,
        db: &mut PgConnection,
        scope: &ProjectScope,
        field: &'static str,
    ) -> Result<CycleId> {
        if self.as_str() == ALL {
            return Err(Error::invalid(field, "one cycle, by id or name"));
        }
        sqlx::query_file_scalar!(
            "sql/cycles/resolve.sql",
            scope.project() as _,
            Uuid::try_parse(self.as_str()).ok(),
            self.as_str(),
        )
        .fetch_optional(db)
        .await?
        .map(CycleId::from)
        .ok_or_else(|| missing(Kind::Cycle, self.as_str(), field))
    }

    /// The cycle that is meant, or `None` for all of them.
    pub async fn resolve_or_all(
        &self,
        db: &mut PgConnection,
        scope: &ProjectScope,
        field: &'static str,
    ) -> Result<Option<CycleId>> {
        if self.as_str() == ALL {
            return Ok(None);
        }
        self.resolve(db, scope, field).await.map(Some)
    }
}
