//! Nottario: a self-hosted coordinator for human developers and their AI agents.

#![forbid(unsafe_code)]

pub mod config;
