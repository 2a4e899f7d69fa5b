//! What the events of a project say: fields with their values before and after.

use serde::Serialize;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use crate::access::ProjectScope;
use crate::error::Result;
use crate::events::{self, Change, EventKind, Subject};

/// The fields that a change has touched.
#[derive(Default)]
pub(super) struct Changed(Map<String, Value>);

impl Changed {
    /// Notes a field's values before and after, if they differ.
    pub(super) fn note<T: Serialize + PartialEq + ?Sized>(
        &mut self,
        field: &str,
        before: &T,
        after: &T,
    ) {
        if before != after {
            self.0.insert(field.to_owned(), json!([before, after]));
        }
    }

    /// Notes that a long text differs: an event is small, and says how long it was and is.
    pub(super) fn note_text(&mut self, field: &str, before: &str, after: &str) {
        if before != after {
            let chars = [before.chars().count(), after.chars().count()];
            self.0.insert(field.to_owned(), json!({ "chars": chars }));
        }
    }

    /// Whether nothing differs.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields, for an event.
    pub(super) fn fields(self) -> Value {
        Value::Object(self.0)
    }
}

/// Records that something about the project as such has changed.
pub(super) async fn record(db: &mut PgConnection, scope: &ProjectScope, data: Value) -> Result<()> {
    record_as(db, scope, EventKind::ProjectChanged, data).await
}

/// Records what happened to the project as a whole.
pub(super) async fn record_as(
    db: &mut PgConnection,
    scope: &ProjectScope,
    kind: EventKind,
    data: Value,
) -> Result<()> {
    let change = Change::new(kind, Subject::Project(scope.project()), data);
    events::record(db, scope, change).await
}
