//! What goes around every route of every surface.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;
use uuid::Uuid;

use super::error;

/// A page sets its own policy; everything else loads nothing and is framed by nobody.
const CONTENT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Two years, as the preload lists want it.
const TRANSPORT_POLICY: &str = "max-age=63072000; includeSubDomains";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives every request to these routes a limited time, streams excepted.
pub fn with_time_limit(routes: Router, request_limit: Duration) -> Router {
    routes.layer(middleware::from_fn(move |request, next| limit(request_limit, request, next)))
}

/// Wraps routes in request ids, the access log, the answer to a panic, and security headers.
pub fn with_layers(routes: Router, is_https: bool) -> Router {
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    // A stream's lines must not wait in a compressor.
    let compressible = DefaultPredicate::new().and(NotForContentType::SSE);
    let routes = routes
        .layer(CompressionLayer::new().compress_when(compressible))
        // Innermost first: the log, outside, sees the 500 that a panic became.
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::REFERRER_POLICY, "same-origin"))
        .layer(header(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY))
        .layer(header(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(header(header::CACHE_CONTROL, "no-store"));
    let routes = if is_https {
        routes.layer(header(header::STRICT_TRANSPORT_SECURITY, TRANSPORT_POLICY))
    } else {
        routes
    };
    routes
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_request(())
                .on_response(|response: &Response, latency: Duration, _: &Span| {
                    let status = response.status().as_u16();
                    let milliseconds = latency.as_secs_f64() * 1000.0;
                    tracing::info!(status, milliseconds, "answered");
                })
                .on_failure(()),
        )
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
}

/// The path without its query: codes and cursors travel there.
fn span(request: &Request) -> Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id)
}

/// Gives up on a handler that takes too long. A stream has answered long before.
async fn limit(limit: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => error(
            StatusCode::SERVICE_UNAVAILABLE,
            "timeout",
            "the request took too long and was given up; try again",
        ),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
fn answer_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    let reference = Uuid::new_v4();
    tracing::error!(%reference, panic = text, "a handler panicked");
    let body = json!({
        "code": "internal",
        "message": "something went wrong on our side; the log has it under this reference",
        "reference": reference,
    });
    (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(body)).into_response()
}
