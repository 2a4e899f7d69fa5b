//! The front door: where a person goes first.

use axum::extract::Path;
use axum::response::Redirect;

use super::routes::Routes;
use super::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::new().get("/", home).get("/p/{slug}", project)
}

/// `GET /`
async fn home(_: Visitor) -> Redirect {
    Redirect::to("/projects")
}

/// `GET /p/{slug}`: the page of a project that people land on. Whether the project is there is for
/// that page to say.
async fn project(_: Visitor, Path(slug): Path<String>) -> Redirect {
    Redirect::to(&format!("/p/{slug}/settings"))
}
