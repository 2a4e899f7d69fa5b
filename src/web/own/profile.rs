//! Who a person is here, and in which projects.

use axum::extract::State;
use axum::response::Redirect;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::projects::{self, ProjectCard};
use crate::web::Web;
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::Answer;
use crate::web::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::new().get("/me", own).get("/me/profile", profile)
}

/// `own/profile.html`
#[derive(Serialize)]
struct ProfilePage {
    since: DateTime<Utc>,
    is_from_github: bool,
    memberships: Vec<ProjectCard>,
}

impl Page for ProfilePage {
    const TEMPLATE: &'static str = "own/profile.html";
}

/// `GET /me`
async fn own(_: Visitor) -> Redirect {
    Redirect::to("/me/profile")
}

/// `GET /me/profile`
async fn profile(State(web): State<Web>, visitor: Visitor) -> Answer {
    let mut visit = web.visit(visitor).await?;
    let projects = projects::list_for(&mut visit.tx, &visit.visitor.caller()).await?;
    let page = ProfilePage {
        since: visit.visitor.signed_in.user().created_at,
        is_from_github: web.config().github.is_some(),
        memberships: projects.active.into_iter().filter(|project| project.is_member).collect(),
    };
    visit.show(&page).await
}
