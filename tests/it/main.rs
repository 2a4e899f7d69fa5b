//! The one test binary: behaviour of the product, on a real PostgreSQL where data is concerned.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod app;
mod cli;
mod cli_people;
mod cli_sign_in;
mod clients;
mod cluster;
mod config;
mod cycles;
mod demo;
mod embedded;
mod events;
mod fake_github;
mod github;
mod identity;
mod isolation;
mod layers;
mod malformed;
mod mcp_answers;
mod mcp_frame;
mod mcp_server;
mod mcp_tasks;
mod mcp_transport;
mod migrations;
mod mixing;
mod pages;
mod people;
mod projects;
mod reliability;
mod secrets;
mod served;
mod server;
mod sessions;
mod sign_in;
mod sources;
mod sql_contract;
mod tasks;
mod world;
