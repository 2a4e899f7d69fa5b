//! Nottario: a self-hosted coordinator for human developers and their AI agents.
//!
//! Read from the ground up: [`ids`], [`text`] and [`error`] are the words, [`config`] and [`db`] the
//! ground we stand on; [`access`] says who may; [`events`] what happened; the domains follow, and
//! the surfaces that adapt them come last.

#![forbid(unsafe_code)]

pub mod access;
pub mod app;
pub mod cli;
pub mod config;
pub mod cycles;
pub mod db;
pub mod error;
pub mod events;
pub mod identity;
pub mod ids;
pub mod jobs;
pub mod mcp;
pub mod projects;
pub mod system;
pub mod tasks;
pub mod telemetry;
pub mod text;
pub mod traffic;
pub mod web;
