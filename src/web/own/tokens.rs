//! A person's agents, over all projects.

use axum::extract::State;
use serde::Serialize;

use crate::identity::tokens::{self, OwnToken};
use crate::web::Web;
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::Answer;
use crate::web::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::new().get("/me/tokens", show)
}

/// `own/tokens.html`
#[derive(Serialize)]
struct TokensPage {
    tokens: Vec<OwnToken>,
}

impl Page for TokensPage {
    const TEMPLATE: &'static str = "own/tokens.html";
}

/// `GET /me/tokens`: each is revoked in its project's settings.
async fn show(State(web): State<Web>, visitor: Visitor) -> Answer {
    let mut visit = web.visit(visitor).await?;
    let tokens = tokens::list_own(&mut visit.tx, &visit.visitor.caller()).await?;
    visit.show(&TokensPage { tokens }).await
}
