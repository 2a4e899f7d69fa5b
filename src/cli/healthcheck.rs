//! `nottario healthcheck`: asks the server on this machine whether it is ready.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::{CliError, block_on, quiet_config};
use crate::config::HttpAddr;

/// Shorter than the interval of any health check.
const LIMIT: Duration = Duration::from_secs(5);

pub(super) fn run() -> Result<(), CliError> {
    let config = quiet_config()?;
    block_on(ask(&format!("http://{}/readyz", local_authority(config.http_addr))))
}

/// The listen address as one can call it from here: nobody calls a wildcard.
fn local_authority(listening: HttpAddr) -> String {
    let port = listening.port();
    match listening {
        HttpAddr::Exact(address) => match address.ip() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => format!("127.0.0.1:{port}"),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => format!("[::1]:{port}"),
            _ => address.to_string(),
        },
        HttpAddr::AllInterfaces(_) | HttpAddr::Loopback(_) => format!("127.0.0.1:{port}"),
    }
}

async fn ask(address: &str) -> Result<(), CliError> {
    let unhealthy = |reason: String| CliError::failure(format!("{address}: {reason}"));
    let client = reqwest::Client::builder()
        .timeout(LIMIT)
        // The question is for this machine, whatever proxy the environment names.
        .no_proxy()
        .build()
        .map_err(|error| unhealthy(error.to_string()))?;
    let response = client.get(address).send().await;
    let response = response.map_err(|error| unhealthy(format!("no answer: {error}")))?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let details = response.text().await.unwrap_or_default();
    Err(unhealthy(format!("{status} {details}")))
}
