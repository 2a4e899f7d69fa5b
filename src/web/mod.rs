//! People's and machines' surface over HTTP.
//!
//! Every answer passes through [`with_layers`]: it has a request id and the security headers, and
//! a panic behind it became a 500 with a reference.

mod health;
mod layers;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sqlx::PgPool;

use crate::events::Feed;

pub use layers::{with_layers, with_time_limit};

/// The routes of this surface; [`with_layers`] goes around all surfaces together.
pub fn router(pool: PgPool, feed: Feed) -> Router {
    Router::new().merge(health::router(pool, feed)).fallback(not_found)
}

async fn not_found() -> Response {
    error(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
}

/// An error for a machine: a stable code, and a sentence.
fn error(status: StatusCode, code: &str, message: &str) -> Response {
    (status, axum::Json(json!({ "code": code, "message": message }))).into_response()
}
