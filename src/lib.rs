//! Nottario: a self-hosted coordinator for human developers and their AI agents.

#![forbid(unsafe_code)]

pub mod app;
pub mod cli;
pub mod config;
pub mod db;
pub mod telemetry;
pub mod web;
