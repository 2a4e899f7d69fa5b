//! Nottario: a self-hosted coordinator for human developers and their AI agents.

#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod db;
