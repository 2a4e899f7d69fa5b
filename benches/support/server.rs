//! A server for the benchmarks that call over HTTP.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nottario::config::Config;

use crate::support::Outcome;

/// The configuration of a server on a free port, which keeps nothing of its own on disk.
pub(crate) fn config() -> Outcome<Config> {
    Ok(Config::read(&|name| match name {
        "HTTP_ADDR" => Some("127.0.0.1:0".to_owned()),
        "NOTTARIO_DATA_DIR" => Some("unused".to_owned()),
        "SESSION_KEY" => Some(STANDARD.encode([7; 32])),
        _ => None,
    })?)
}
