//! The base address that people reach: a scheme and a host, and nothing behind them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The checked `PUBLIC_URL`: `http` or `https`, a host, perhaps a port, no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    is_https: bool,
    authority: String,
    host: String,
}

impl PublicUrl {
    /// True when the address is https, which turns `Secure` cookies on.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// The host with its port when one was written, as browsers send it in `Host`.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host alone; an IPv6 address keeps its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// True when only this machine can reach the address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
    }

    /// The same address on another port: what an in-process server on a free port is reached at.
    #[must_use]
    pub fn with_port(&self, port: u16) -> PublicUrl {
        PublicUrl { authority: format!("{}:{port}", self.host), ..self.clone() }
    }
}

impl Default for PublicUrl {
    fn default() -> PublicUrl {
        PublicUrl {
            is_https: false,
            authority: "localhost:8080".to_owned(),
            host: "localhost".to_owned(),
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.is_https { "https" } else { "http" }, self.authority)
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<PublicUrl, String> {
        let complaint = || {
            format!("is \"{text}\"; write scheme and host only, such as https://tasks.example.org")
        };
        let uri: http::Uri = text.parse().map_err(|_| complaint())?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(complaint()),
        };
        let authority = uri.authority().ok_or_else(complaint)?;
        let has_path = uri.path() != "/" && !uri.path().is_empty();
        if has_path || uri.query().is_some() || authority.as_str().contains('@') {
            return Err(complaint());
        }
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() || is_unspecified(&host) {
            return Err(complaint());
        }
        let authority = match authority.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        Ok(PublicUrl { is_https, authority, host })
    }
}

/// `0.0.0.0` is where to listen, never what people reach.
fn is_unspecified(host: &str) -> bool {
    host == Ipv4Addr::UNSPECIFIED.to_string() || host == format!("[{}]", Ipv6Addr::UNSPECIFIED)
}
