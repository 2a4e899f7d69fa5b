//! The queue: its rules one by one, its races, and a model that a random walk is compared with.

mod claim;
mod close;
mod create;
mod dependencies;
mod hold;
mod interleaved;
pub(crate) mod kit;
mod model;
mod races;
mod read;
mod roll_up;
mod storm;
mod update;
mod walk;
