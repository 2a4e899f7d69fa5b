//! The record of changes: what was done, by whom, in the order that every reader sees the same.
//!
//! A change and its event are one transaction: [`record`] writes into the outbox beside the change.
//! The [`Relay`] gives committed events their position; everything that tells somebody something
//! (live streams, notifications, history) is made from them. A reader that remembers one position
//! misses nothing: [`since`] reads on from it, [`wait`] waits for more, and the [`Listener`] wakes
//! whoever waits in this process.

mod kind;
mod listener;
mod record;
mod relay;
mod since;
mod wait;

pub use kind::{EventKind, Subject};
pub use listener::{Feed, Header, Listener, News, Subscription};
pub use record::{Change, record, record_all};
pub use relay::{Drained, Relay, RelayHandle, drain};
pub use since::{ActorName, Cursor, Event, Page, Query, SubjectName, since};
pub use wait::{LONGEST_WAIT_SECONDS, wait};
