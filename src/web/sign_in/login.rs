//! The page at which everybody begins who is not signed in.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use serde::{Deserialize, Serialize};

use super::{next_of, with_next};
use crate::identity::{GitHubClient, LocalPath, SignInRefused};
use crate::web::Web;
use crate::web::forms::Asked;
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::{Answer, sentence};
use crate::web::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::new().get("/login", login)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    /// Where the person was going.
    next: Option<String>,
    /// Why a sign-in was refused, by [`SignInRefused::code`].
    error: Option<String>,
    /// Whether the person just went out.
    signed_out: Option<String>,
}

/// `sign_in/login.html`
#[derive(Serialize)]
struct LoginPage {
    /// Where GitHub is begun with; nothing where it signs nobody in.
    github: Option<String>,
    /// The organisation whose members get in, when it is not everybody.
    org: Option<String>,
    refusal: Option<String>,
    is_signed_out: bool,
    /// Where somebody goes on who is signed in already.
    next: LocalPath,
}

impl Page for LoginPage {
    const TEMPLATE: &'static str = "sign_in/login.html";
}

/// `GET /login`
async fn login(
    State(web): State<Web>,
    visitor: Option<Visitor>,
    Asked(Query { next, error, signed_out }): Asked<Query>,
) -> Answer {
    let next = next_of(next.as_deref());
    let org = web.github().and_then(GitHubClient::org);
    // The address can be anybody's; the words cannot.
    let refused = error.as_deref().and_then(|code| SignInRefused::of_code(code, org));
    if visitor.is_some() && refused.is_none() {
        return Ok(Redirect::to(next.as_str()).into_response());
    }
    let page = LoginPage {
        github: web.github().map(|_| with_next("/auth/github", next.as_str())),
        org: org.map(str::to_owned),
        refusal: refused.map(|refused| sentence(&refused.to_string())),
        is_signed_out: signed_out.is_some(),
        next,
    };
    web.show_to(visitor, "/login", &page).await
}
