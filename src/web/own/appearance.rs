//! How the pages look to a person, in every browser it uses.

use axum::extract::State;
use serde::{Deserialize, Serialize};

use crate::identity::{self, Density, Preferences, Theme};
use crate::web::Web;
use crate::web::forms::Posted;
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::Answer;
use crate::web::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::new().get("/me/appearance", show).post("/me/appearance", save)
}

/// `own/appearance.html`
#[derive(Serialize)]
struct AppearancePage {
    preferences: Preferences,
}

impl Page for AppearancePage {
    const TEMPLATE: &'static str = "own/appearance.html";
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    theme: Theme,
    density: Density,
    /// A box: sent when it is ticked.
    #[serde(default)]
    single_keys: bool,
}

/// `GET /me/appearance`
async fn show(State(web): State<Web>, visitor: Visitor) -> Answer {
    let preferences = visitor.signed_in.preferences();
    web.visit(visitor).await?.show(&AppearancePage { preferences }).await
}

/// `POST /me/appearance`
async fn save(State(web): State<Web>, visitor: Visitor, Posted(form): Posted<Form>) -> Answer {
    let Form { theme, density, single_keys } = form;
    let mut visit = web.visit(visitor).await?;
    let wanted = Preferences { theme, density, single_keys };
    identity::set_preferences(&mut visit.tx, &visit.visitor.signed_in, &wanted).await?;
    visit.done("Saved. Every browser you use looks like this now.", "/me/appearance").await
}
