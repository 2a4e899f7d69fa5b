//! Tasks: the queue.
//!
//! Every rule of the queue is here and holds for every surface. The invariants:
//!
//! - At most one claim on a task at any moment ([`claim`]); only its holder moves the task ([`hold`]).
//! - `ready` on the row is true exactly when nothing open is before the task ([`links`]).
//! - Nothing open is before a task that is closed as done, unless a person reopened it later.
//! - A task is in its parent's cycle, and an open task is in the open cycle.
//!
//! Functions take the caller's transaction; a refusal leaves it to be rolled back.

mod claim;
mod close;
mod comments;
mod commits;
mod create;
mod dependencies;
mod hold;
mod inconsistencies;
mod links;
mod lock;
mod model;
mod plan;
mod priority;
mod read;
mod reference;
mod relations;
mod reopen;
mod update;
mod why;

pub use claim::{ClaimFilter, Claimed, Lease, claim, claim_next, next};
pub use close::{Close, Closed, close};
pub use comments::{Comment, add_comment, comments};
pub use commits::{Commit, CommitMessage, NewCommit, Repo, Sha, commits, link_commit};
pub use create::{NewTask, create};
pub use dependencies::{add_dependency, remove_dependency};
pub use hold::{Force, Held, expire_claims, heartbeat, held, release, renew};
pub use inconsistencies::{Inconsistency, Reason, inconsistencies};
pub use links::{Drift, drift};
pub use model::{Card, Claim, CycleName, Holder, Outcome, Task, TaskState, TaskType, Who};
pub use plan::{Plan, PlanDependency, Planned, PlannedKey, PlannedTask, plan};
pub use priority::Priority;
pub use read::{Assignee, Cursor, Filter, Page, card, cards, get, list};
pub use reference::TaskRef;
pub use relations::{children, dependents, prerequisites};
pub use reopen::reopen;
pub use update::{Update, update};
pub use why::{Unblocker, Why};
