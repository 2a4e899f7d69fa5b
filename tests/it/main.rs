//! The one test binary: behaviour of the product, on a real PostgreSQL where data is concerned.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod app;
mod cli;
mod cluster;
mod config;
mod embedded;
mod migrations;
mod server;
mod tasks;
mod world;
