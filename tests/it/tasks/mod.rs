//! The queue: its rules one by one, its races, and a model that a random walk is compared with.

mod interleaved;
mod kit;
