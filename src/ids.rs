//! One type per kind of id, so that a role's id cannot be passed where a task's is asked for.
//!
//! All are UUIDs of version 7, made in this process: they sort by the time they were made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug,
            Serialize, Deserialize, JsonSchema, sqlx::Type,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a fresh id.
            #[must_use]
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }

            /// The bare UUID, for binds and for subjects of events.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A person.
    UserId
);
id!(
    /// A project: the tenant.
    ProjectId
);
id!(
    /// A kind of work inside one project.
    RoleId
);
id!(
    /// An agent's credential.
    TokenId
);
id!(
    /// A time-box of work.
    CycleId
);
id!(
    /// A task.
    TaskId
);
id!(
    /// One holding of a task: fresh with every claim, worthless once the claim is lost.
    ClaimId
);
id!(
    /// A comment on a task.
    CommentId
);
id!(
    /// A browser in which a person is signed in.
    SessionId
);
