//! Who is calling: the token of every request, asked of the database every time.
//!
//! Nothing behind this layer runs without an [`Agent`] in the request, and a token that was revoked
//! is refused by the very next call. Cookies mean nothing here, and an address carries no token.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use sqlx::PgPool;

use super::error::reference;
use super::limits::Limits;
use crate::access::{Caller, Via};
use crate::config::IpRange;
use crate::error::{Error, Result, chain};
use crate::identity::{self, AuthenticatedToken, TokenSecret};
use crate::ids::{ProjectId, TokenId};
use crate::traffic::{Limiter, client_address};

/// A token that was found live, with the person behind it.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The caller, for the access check.
    pub caller: Caller,
    /// The token.
    pub token: TokenId,
    /// The token's name.
    pub name: String,
    /// The only project that the token opens.
    pub project: ProjectId,
    /// That project's slug.
    pub slug: String,
}

impl From<AuthenticatedToken> for Agent {
    fn from(token: AuthenticatedToken) -> Self {
        let slug = match &token.caller.via {
            Via::Token { slug, .. } => slug.clone(),
            Via::Session { .. } => String::new(),
        };
        Self {
            caller: token.caller,
            token: token.id,
            name: token.name,
            project: token.project,
            slug,
        }
    }
}

/// The door: checks tokens and counts calls.
pub(super) struct Door {
    pool: PgPool,
    trusted_proxies: Vec<IpRange>,
    calls: Limiter<TokenId>,
    failures: Limiter<IpAddr>,
}

/// Why a request without a valid token is refused.
#[derive(Clone, Copy, Debug)]
enum Refused {
    Missing,
    Malformed,
    InAddress,
    Revoked,
}

impl Door {
    pub(super) fn new(pool: PgPool, trusted_proxies: Vec<IpRange>, limits: &Limits) -> Self {
        Self {
            pool,
            trusted_proxies,
            calls: Limiter::per_second(limits.calls_per_second, limits.burst),
            failures: Limiter::per_minute(limits.failed_tokens_per_minute),
        }
    }

    async fn admit(&self, parts: &Parts) -> std::result::Result<Agent, Response> {
        let secret = match presented(parts) {
            Ok(secret) => secret,
            Err(reason) => return Err(self.refuse(parts, reason)),
        };
        let agent = match self.look_up(&secret).await {
            Ok(Some(agent)) => agent,
            Ok(None) => return Err(self.refuse(parts, Refused::Revoked)),
            Err(error) => return Err(unavailable(&error)),
        };
        self.calls.count(&agent.token).map_err(|seconds| {
            too_many(seconds, "this token is making calls faster than allowed")
        })?;
        Ok(agent)
    }

    async fn look_up(&self, secret: &TokenSecret) -> Result<Option<Agent>> {
        let now = Utc::now();
        let mut db = self.pool.acquire().await?;
        let Some(token) = identity::authenticate(&mut db, secret, now).await? else {
            return Ok(None);
        };
        if token.is_touch_due(now)
            && let Err(error) = identity::tokens::touch(&mut db, &token, now).await
        {
            // Only the display of "last used" suffers.
            tracing::warn!(error = %chain(&error), "could not note the use of a token");
        }
        Ok(Some(token.into()))
    }

    /// Refuses, and counts the failure against the address it came from.
    ///
    /// A right token is never counted and never held back, whatever others behind the same
    /// address do.
    fn refuse(&self, parts: &Parts, reason: Refused) -> Response {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
        let address = client_address(peer, &parts.headers, &self.trusted_proxies);
        match self.failures.count(&address) {
            Ok(()) => unauthorized(reason),
            Err(seconds) => too_many(seconds, "too many requests without a valid token"),
        }
    }
}

/// Lets a request with a live token pass, with its [`Agent`].
pub(super) async fn authenticate(
    State(door): State<Arc<Door>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match door.admit(&parts).await {
        Ok(agent) => {
            parts.extensions.insert(agent);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refusal) => refusal,
    }
}

/// The secret that a request presents in its `Authorization` header, and nowhere else.
fn presented(parts: &Parts) -> std::result::Result<TokenSecret, Refused> {
    if parts.uri.query().is_some_and(|query| query.contains("ntr_")) {
        return Err(Refused::InAddress);
    }
    let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
    let value = headers.next().ok_or(Refused::Missing)?;
    if headers.next().is_some() {
        return Err(Refused::Malformed);
    }
    let (scheme, secret) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(Refused::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refused::Malformed);
    }
    TokenSecret::parse(secret.trim()).map_err(|_| Refused::Malformed)
}

fn unauthorized(reason: Refused) -> Response {
    let (reason, message, next) = match reason {
        Refused::Missing => (
            "missing",
            "no token was sent",
            "send the header Authorization: Bearer ntr_… with a token from the project's settings",
        ),
        Refused::Malformed => (
            "malformed",
            "this is not a Nottario token; it may have been cut off or mistyped",
            "send the header Authorization: Bearer ntr_… with the whole token as it was shown",
        ),
        Refused::InAddress => (
            "malformed",
            "a token in the address is refused, because addresses are logged",
            "revoke that token, issue another, and send it in the header Authorization: Bearer ntr_…",
        ),
        Refused::Revoked => (
            "revoked",
            "this token was revoked, has expired, or its person is no longer in the project",
            "ask a member of the project for a new token",
        ),
    };
    let body = json!({
        "code": "unauthorized", "reason": reason, "message": message, "next": next,
    });
    let challenge = [(header::WWW_AUTHENTICATE, r#"Bearer realm="nottario""#)];
    (StatusCode::UNAUTHORIZED, challenge, axum::Json(body)).into_response()
}

fn too_many(seconds: u64, message: &str) -> Response {
    let body = json!({
        "code": "rate_limited",
        "message": message,
        "next": format!("wait {seconds} s, then go on"),
    });
    let mut headers = HeaderMap::new();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    (StatusCode::TOO_MANY_REQUESTS, headers, axum::Json(body)).into_response()
}

/// Nobody can be let in while the database is away.
fn unavailable(error: &Error) -> Response {
    let reference = reference();
    tracing::error!(reference, error = %chain(error), "could not look up a token");
    let body = json!({
        "code": "unavailable",
        "message": format!("the database does not answer, reference {reference}"),
        "next": "try again in a few seconds",
    });
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")], axum::Json(body))
        .into_response()
}
