//! The HTTP side: one address, `POST` only, no sessions, plain JSON.
//!
//! The order matters: a body that is too long or no JSON-RPC never reaches rmcp, and nothing
//! reaches it without a live token. Host and origin are checked by rmcp.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::auth::{self, Door};
use super::server::Server;
use crate::config::PublicUrl;

pub(super) fn router(
    server: Server,
    door: Door,
    public_url: &PublicUrl,
    body_bytes: usize,
) -> Router {
    // Without the server's stop token: it would cut answers off. Waiting calls hear of it themselves.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(body_bytes)
        .with_allowed_hosts(allowed_hosts(public_url))
        .with_allowed_origins(allowed_origins(public_url))
        .enforce_origin_validation();
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);

    Router::new()
        .route_service("/mcp", service.clone())
        .route_service("/mcp/", service)
        .layer(middleware::from_fn_with_state(body_bytes, check_message))
        .layer(middleware::from_fn_with_state(Arc::new(door), auth::authenticate))
}

/// The hosts that a client may have addressed, on any port: a proxy may have its own.
fn allowed_hosts(public_url: &PublicUrl) -> Vec<String> {
    let mut hosts = vec![public_url.host().to_owned()];
    if public_url.is_loopback() {
        hosts.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    }
    hosts
}

/// The pages that may call from a browser: our own, and on a loopback instance local tools.
fn allowed_origins(public_url: &PublicUrl) -> Vec<String> {
    let own = public_url.to_string();
    let has_port = public_url.authority().len() > public_url.host().len();
    let port = if public_url.is_https() { 443 } else { 80 };
    let mut origins = vec![if has_port { own } else { format!("{own}:{port}") }];
    if public_url.is_loopback() {
        origins.extend(
            ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"].map(str::to_owned),
        );
    }
    origins
}

/// Reads the body, within its bound, and refuses what is no single JSON-RPC message.
async fn check_message(State(most): State<usize>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let bytes = match timeout(LONGEST_BODY, Limited::new(body, most).collect()).await {
        Ok(Ok(collected)) => collected.to_bytes(),
        Err(_) => {
            let rule = "the body took too long to arrive";
            return refused(StatusCode::REQUEST_TIMEOUT, INVALID_REQUEST, &Value::Null, rule);
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let rule = format!("the body is longer than {most} bytes");
            return refused(StatusCode::PAYLOAD_TOO_LARGE, INVALID_REQUEST, &Value::Null, &rule);
        }
        Ok(Err(_)) => {
            let rule = "the body broke off";
            return refused(StatusCode::BAD_REQUEST, INVALID_REQUEST, &Value::Null, rule);
        }
    };
    let message = match serde_json::from_slice::<Value>(&bytes) {
        Ok(message) => message,
        Err(error) => {
            let rule = format!("the body is not JSON: {error}");
            return refused(StatusCode::BAD_REQUEST, PARSE_ERROR, &Value::Null, &rule);
        }
    };
    if let Err(rule) = well_formed(&message) {
        let id = message.get("id").filter(|id| is_request_id(id)).cloned().unwrap_or_default();
        return refused(StatusCode::BAD_REQUEST, INVALID_REQUEST, &id, rule);
    }
    take_any_accept(&mut parts.headers);
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// A mebibyte over a slow line; longer holds a connection for nothing.
const LONGEST_BODY: Duration = Duration::from_secs(30);

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;

fn well_formed(message: &Value) -> Result<(), &'static str> {
    let Value::Object(members) = message else {
        return Err("one JSON-RPC message per request; batches are not part of the protocol");
    };
    if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err("jsonrpc must be \"2.0\"");
    }
    if members.get("id").is_some_and(|id| !is_request_id(id)) {
        return Err("id must be a string or a whole number");
    }
    if members.get("params").is_some_and(|params| !params.is_object() && !params.is_null()) {
        return Err("params must be an object");
    }
    match members.get("method") {
        Some(Value::String(_)) => Ok(()),
        Some(_) => Err("method must be a string"),
        None if members.contains_key("result") || members.contains_key("error") => {
            Err("this server asks nothing, so there is nothing to answer")
        }
        None => Err("method is missing"),
    }
}

fn is_request_id(id: &Value) -> bool {
    id.is_string() || id.is_i64()
}

/// Clients that take anything, only JSON, or do not say what they take, all get JSON. Those that
/// take only a stream are left to rmcp, which refuses them.
fn take_any_accept(headers: &mut HeaderMap) {
    let mut said = headers.get_all(header::ACCEPT).iter().peekable();
    let takes_json = said.peek().is_none()
        || said.filter_map(|value| value.to_str().ok()).any(|value| {
            value.split(',').any(|range| {
                let range = range.split(';').next().unwrap_or_default().trim();
                ["application/json", "application/*", "*/*"]
                    .iter()
                    .any(|json| json.eq_ignore_ascii_case(range))
            })
        });
    if takes_json {
        let both = HeaderValue::from_static("application/json, text/event-stream");
        headers.insert(header::ACCEPT, both);
    }
}

fn refused(status: StatusCode, code: i32, id: &Value, rule: &str) -> Response {
    let body = json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": rule } });
    (status, axum::Json(body)).into_response()
}
