//! The browser that wants in: where it is, and what it says it is.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;

use crate::traffic::client_address;
use crate::web::Web;

/// A browser from outside.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// Its address, as far as proxies are to be believed.
    pub(super) address: IpAddr,
    /// What it calls itself; empty when it does not.
    pub(super) browser: String,
}

impl FromRequestParts<Web> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
        let address = client_address(peer, &parts.headers, &web.config().trusted_proxies);
        let browser = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self { address, browser: browser.unwrap_or_default().to_owned() })
    }
}
