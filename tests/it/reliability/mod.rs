//! What has to hold when many act at once, and when something breaks in the middle.
//!
//! The tests drive the agents' endpoint over HTTP. Agents keep a receipt of everything that they
//! were told, and in the end the receipts and the record of changes have to tell the same story.

mod agent;
mod crew;
mod host;
mod ledger;
mod logbook;
mod race;
mod wire;
