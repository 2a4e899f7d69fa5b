//! The record of changes: what was done, by whom, in the order that every reader sees the same.
//!
//! A change and its event are one transaction: [`record`] writes into the outbox beside the change.
//! The [`relay`] gives committed events their position; everything that tells somebody something
//! (live streams, notifications, history) is made from them.

mod kind;
mod record;

pub use kind::{EventKind, Subject};
pub use record::{Change, record, record_all};
