//! The front door: where a person goes first.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};

use super::Web;
use super::routes::Routes;
use super::trouble::Answer;
use super::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::new().get("/", home).get("/p/{slug}", project)
}

/// `GET /`
async fn home(_: Visitor) -> Redirect {
    Redirect::to("/projects")
}

/// `GET /p/{slug}`: the page of a project that people land on.
async fn project(State(web): State<Web>, visitor: Visitor, Path(slug): Path<String>) -> Answer {
    // Only what is the slug of a project may stand in a header.
    web.enter(visitor, &slug).await?;
    Ok(Redirect::to(&format!("/p/{slug}/settings")).into_response())
}
