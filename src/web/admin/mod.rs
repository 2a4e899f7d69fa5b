//! The pages of those who administer the instance. For everybody else they do not exist.

mod people;
mod system;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};

use super::Web;
use super::routes::Routes;
use super::trouble::Answer;
use super::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::new().get("/admin", first).and(people::routes()).and(system::routes())
}

/// `GET /admin`
async fn first(State(_): State<Web>, visitor: Visitor) -> Answer {
    visitor.instance()?;
    Ok(Redirect::to("/admin/users").into_response())
}
