//! Addresses to listen on, and ranges of addresses to believe.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// Where to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpAddr {
    /// Every interface, IPv6 and IPv4, on this port.
    AllInterfaces(u16),
    /// This machine only, on this port.
    Loopback(u16),
    /// Exactly this address.
    Exact(SocketAddr),
}

impl HttpAddr {
    /// Parses `:8080`, `localhost:8080`, `192.0.2.1:8080` or `[::1]:8080`.
    ///
    /// A port alone means loopback when only this machine is meant to reach us, and every
    /// interface otherwise.
    pub fn parse(text: &str, on_loopback: bool) -> Result<HttpAddr, String> {
        let complaint = || {
            format!(
                "is \"{text}\"; write a port such as :8080, or an address such as 127.0.0.1:8080"
            )
        };
        if let Some((host, port)) = text.rsplit_once(':')
            && (host.is_empty() || host == "localhost")
        {
            let port = port.parse().map_err(|_| complaint())?;
            return Ok(if on_loopback || host == "localhost" {
                HttpAddr::Loopback(port)
            } else {
                HttpAddr::AllInterfaces(port)
            });
        }
        text.parse().map(HttpAddr::Exact).map_err(|_| complaint())
    }

    /// The socket addresses to try, the first that can be bound wins.
    #[must_use]
    pub fn candidates(self) -> Vec<SocketAddr> {
        match self {
            // The IPv6 wildcard takes IPv4 as well; the second is for hosts without IPv6.
            HttpAddr::AllInterfaces(port) => {
                vec![(Ipv6Addr::UNSPECIFIED, port).into(), (Ipv4Addr::UNSPECIFIED, port).into()]
            }
            HttpAddr::Loopback(port) => vec![(Ipv4Addr::LOCALHOST, port).into()],
            HttpAddr::Exact(address) => vec![address],
        }
    }

    /// The port that was asked for; 0 lets the system choose.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            HttpAddr::AllInterfaces(port) | HttpAddr::Loopback(port) => port,
            HttpAddr::Exact(address) => address.port(),
        }
    }
}

/// A range of IP addresses, written `10.0.0.0/8`; a single address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    network: IpAddr,
    prefix: u8,
}

impl IpRange {
    /// Loopback, private and link-local ranges: where a reverse proxy beside us lives.
    #[must_use]
    pub fn loopback_and_private() -> Vec<IpRange> {
        let v4 = |a, b, prefix| IpRange { network: Ipv4Addr::new(a, b, 0, 0).into(), prefix };
        let v6 = |first, prefix| IpRange {
            network: Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0).into(),
            prefix,
        };
        vec![
            v4(127, 0, 8),
            v4(10, 0, 8),
            v4(172, 16, 12),
            v4(192, 168, 16),
            v4(169, 254, 16),
            IpRange { network: Ipv6Addr::LOCALHOST.into(), prefix: 128 },
            v6(0xfc00, 7),
            v6(0xfe80, 10),
        ]
    }

    /// True when the address is in the range; an IPv4 address inside IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let shared_bits = match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros()
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        shared_bits >= u32::from(self.prefix)
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

impl FromStr for IpRange {
    type Err = String;

    fn from_str(text: &str) -> Result<IpRange, String> {
        let complaint = || {
            format!("has \"{text}\", which is no address or range; write 10.0.0.0/8 or 192.0.2.7")
        };
        let (network, prefix) = match text.split_once('/') {
            Some((network, prefix)) => (network, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = network.parse().map_err(|_| complaint())?;
        let longest = if network.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| complaint())?,
            None => longest,
        };
        if prefix > longest {
            return Err(complaint());
        }
        Ok(IpRange { network, prefix })
    }
}
