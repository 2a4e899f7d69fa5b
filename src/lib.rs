//! Nottario: a self-hosted coordinator for human developers and their AI agents.
//!
//! Read from the ground up: [`ids`], [`text`] and [`error`] are the words; [`access`] says who may;
//! [`events`] what happened; the domains follow, and the surfaces that adapt them come last.

#![forbid(unsafe_code)]

pub mod access;
pub mod cli;
pub mod config;
pub mod db;
pub mod error;
pub mod events;
pub mod identity;
pub mod ids;
pub mod projects;
pub mod tasks;
pub mod text;
