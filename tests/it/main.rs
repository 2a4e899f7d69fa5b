//! The one test binary: behaviour of the product, on a real PostgreSQL where data is concerned.

mod cluster;
mod config;
mod embedded;
mod migrations;
