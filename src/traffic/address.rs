//! Whose address a request comes from.
//!
//! A forwarded address is believed only as far as the chain of trusted proxies reaches; otherwise
//! a caller could choose the address under which its failures are counted.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::HeaderMap;

use crate::config::IpRange;

/// The address of the client that sent a request with these headers over a connection from `peer`.
#[must_use]
pub fn client_address(
    peer: Option<SocketAddr>,
    headers: &HeaderMap,
    trusted: &[IpRange],
) -> IpAddr {
    // Without a known peer all count as one: too strict rather than not at all.
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    behind_proxies(peer, headers, trusted).to_canonical()
}

/// Walks the forwarding chain from our side as long as the next hop is one that we trust.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpRange]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut address = peer;
    for hop in hops.into_iter().rev() {
        if !is_trusted(address) {
            break;
        }
        let Ok(next) = hop.trim().parse() else { break };
        address = next;
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        behind_proxies(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        assert_eq!(seen("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, 203.0.113.7"]), "203.0.113.7");
    }

    #[test]
    fn trusted_proxies_are_looked_through() {
        assert_eq!(seen("10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["203.0.113.7, 10.0.0.9", "10.0.0.8"]), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["not an address"]), "10.0.0.1");
    }
}
