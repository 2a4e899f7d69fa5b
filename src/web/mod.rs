//! People's surface, and what supervisors ask.
//!
//! Every answer passes through [`with_layers`]: it has a request id and the security headers, and
//! a panic behind it became a 500 with a reference. Every page works without script, and nothing
//! changes on a GET; a request from another site changes nothing at all.

mod admin;
mod assets;
mod cookies;
mod forms;
mod frame;
mod health;
mod home;
mod layers;
mod own;
mod page;
mod projects;
mod routes;
mod settings;
mod sign_in;
mod templates;
mod trouble;
mod visitor;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use serde_json::json;
use sqlx::PgPool;
use tower_http::csrf::CsrfLayer;

use crate::config::Config;
use crate::events::{Feed, RelayHandle};
use crate::identity::{GitHubClient, SessionKeys};
use crate::traffic::Limiter;

pub use layers::{with_layers, with_time_limit};
pub use routes::Listed;

use assets::Assets;
use routes::Routes;
use templates::Templates;
use trouble::Trouble;
use visitor::Visitor;

/// The most bytes of a form: a description of 64 KiB whose every letter had to be escaped, and
/// the other fields.
const FORM_BYTES: usize = 256 * 1024;

/// A person who mistakes a link tries twice; ten is already a program.
const FAILED_SIGN_INS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// What the surface is made of.
#[derive(Clone, Debug)]
pub struct Services {
    /// The configuration.
    pub config: Arc<Config>,
    /// The database.
    pub pool: PgPool,
    /// To be woken after each commit that wrote events.
    pub relay: RelayHandle,
    /// Where events are heard of.
    pub feed: Feed,
    /// What seals sessions.
    pub keys: SessionKeys,
    /// Who signs people in; nobody where one-time links do.
    pub github: Option<GitHubClient>,
}

/// What every handler is given.
#[derive(Clone, Debug)]
struct Web(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    services: Services,
    templates: Templates,
    assets: Assets,
    policy: HeaderValue,
    failed_sign_ins: Limiter<IpAddr>,
}

/// The routes of this surface; [`with_layers`] goes around all surfaces together.
pub fn router(services: Services) -> Router {
    let health = health::router(services.pool.clone(), services.feed.clone());
    let web = Web::new(services);
    let pages = pages()
        .into_router()
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(CsrfLayer::new().with_rejection_response(|_| foreign_request()))
        .layer(middleware::from_fn_with_state(web.clone(), trouble::explain))
        .with_state(web);
    health.merge(pages)
}

/// Every route of the pages.
#[must_use]
pub fn routes() -> Vec<Listed> {
    pages().into_list()
}

fn pages() -> Routes {
    Routes::new()
        .and(assets::routes())
        .and(home::routes())
        .and(projects::routes())
        .and(settings::routes())
        .and(own::routes())
        .and(sign_in::routes())
        .and(admin::routes())
}

impl Web {
    fn new(services: Services) -> Self {
        let policy = page_policy(&services.config);
        let (templates, assets) = (Templates::new(), Assets::new());
        let failed_sign_ins = Limiter::per_minute(FAILED_SIGN_INS_PER_MINUTE);
        Self(Arc::new(Inner { services, templates, assets, policy, failed_sign_ins }))
    }

    fn config(&self) -> &Config {
        &self.0.services.config
    }

    fn pool(&self) -> &PgPool {
        &self.0.services.pool
    }

    fn relay(&self) -> &RelayHandle {
        &self.0.services.relay
    }

    fn feed(&self) -> &Feed {
        &self.0.services.feed
    }

    fn keys(&self) -> &SessionKeys {
        &self.0.services.keys
    }

    fn github(&self) -> Option<&GitHubClient> {
        self.0.services.github.as_ref()
    }

    fn failed_sign_ins(&self) -> &Limiter<IpAddr> {
        &self.0.failed_sign_ins
    }

    fn templates(&self) -> &Templates {
        &self.0.templates
    }

    fn assets(&self) -> &Assets {
        &self.0.assets
    }

    fn page_policy(&self) -> HeaderValue {
        self.0.policy.clone()
    }
}

/// Own scripts, styles and requests only; pictures also from where GitHub keeps its people's.
fn page_policy(config: &Config) -> HeaderValue {
    let avatars = config.github.as_ref().map_or_else(String::new, |github| {
        let host = github.url.trim_start_matches("https://").trim_start_matches("http://");
        if host == "github.com" {
            " https://avatars.githubusercontent.com".to_owned()
        } else {
            format!(" {} https://avatars.{host}", github.url)
        }
    });
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{avatars}; \
         connect-src 'self'; font-src 'self'; worker-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// Every address that is none, also inside projects that are not the visitor's.
async fn nothing_here(_: Option<Visitor>) -> Trouble {
    Trouble::nothing_here()
}

async fn wrong_method(_: Option<Visitor>) -> Trouble {
    Trouble::told(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This address does not do that",
        "It was asked in a way that it has no answer for.",
        "Go back, and use the buttons of the page.",
    )
}

/// A change that another site asked for.
fn foreign_request() -> Response {
    Trouble::told(
        StatusCode::FORBIDDEN,
        "foreign_request",
        "This came from another site",
        "A page of another site, or a very old browser, sent this; nothing was changed.",
        "Open the page here and do it again.",
    )
    .into_response()
}

/// An error for a machine: a stable code, and a sentence.
fn error(status: StatusCode, code: &str, message: &str) -> Response {
    (status, axum::Json(json!({ "code": code, "message": message }))).into_response()
}
