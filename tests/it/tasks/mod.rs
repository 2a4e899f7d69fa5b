//! The queue: its rules one by one, its races, and a model that a random walk is compared with.

mod create;
mod interleaved;
mod kit;
mod races;
mod storm;
mod update;
