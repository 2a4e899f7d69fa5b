//! What supervisors and load balancers ask: is the process alive, can it work, which one is it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use chrono::DateTime;
use serde::Serialize;
use sqlx::PgPool;

use crate::db::migrations;
use crate::events::Feed;

pub(super) fn router(pool: PgPool, feed: Feed) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/version", get(version))
        .with_state((pool, feed))
}

/// `GET /healthz`: the process answers. Says nothing about the database, so that a database that
/// is away does not make a supervisor restart us.
async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// `GET /readyz`: requests can be served now.
async fn readyz(State((pool, feed)): State<(PgPool, Feed)>) -> impl IntoResponse {
    let readiness = Readiness::look(&pool, &feed).await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness))
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    database: &'static str,
    migrations: &'static str,
    listener: &'static str,
}

impl Readiness {
    /// Causes go to the log only: anybody may ask this.
    async fn look(pool: &PgPool, feed: &Feed) -> Readiness {
        let is_listening = feed.is_listening();
        let listener = if is_listening { "listening" } else { "reconnecting" };
        let mut connection = match pool.acquire().await {
            Ok(connection) => connection,
            Err(error) => {
                tracing::warn!(%error, "not ready: the database does not answer");
                return Readiness {
                    ready: false,
                    database: "unreachable",
                    migrations: "unknown",
                    listener,
                };
            }
        };
        let migrations = match migrations::pending(&mut connection).await {
            Ok(pending) if pending.is_empty() => "applied",
            Ok(_) => "pending",
            Err(error) => {
                tracing::warn!(%error, "not ready: the schema does not fit");
                "refused"
            }
        };
        let ready = migrations == "applied" && is_listening;
        Readiness { ready, database: "reachable", migrations, listener }
    }
}

/// `GET /version`: which build this is.
async fn version() -> Json<Build> {
    Json(Build::this())
}

/// What the program was built from.
#[derive(Serialize)]
pub(super) struct Build {
    version: &'static str,
    commit: &'static str,
    built_at: String,
}

impl Build {
    pub(super) fn this() -> Self {
        let built_at = env!("NOTTARIO_BUILT_AT")
            .parse()
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0).map(|time| time.to_rfc3339()));
        Self {
            version: env!("CARGO_PKG_VERSION"),
            commit: env!("NOTTARIO_COMMIT"),
            built_at: built_at.unwrap_or_default(),
        }
    }
}
