//! Sign-in with GitHub: sending a browser there, and taking it back.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono::Utc;
use serde::Deserialize;

use super::client::Client;
use super::{let_in, next_of, refuse};
use crate::identity::github::{Arrival, CALLBACK_PATH, Callback};
use crate::identity::users;
use crate::web::Web;
use crate::web::cookies::{self, Kept};
use crate::web::forms::Asked;
use crate::web::routes::Routes;
use crate::web::trouble::{Answer, Trouble};
use crate::web::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::new().get("/auth/github", begin).get(CALLBACK_PATH, come_back)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    next: Option<String>,
}

/// `GET /auth/github`: to GitHub, with what its answer will be held to in the browser's keeping.
async fn begin(State(web): State<Web>, Asked(Query { next }): Asked<Query>) -> Answer {
    let github = web.github().ok_or_else(Trouble::nothing_here)?;
    let start = github.start(next_of(next.as_deref()), Utc::now())?;
    let mut response = Redirect::to(&start.url).into_response();
    cookies::keep_sign_in(&web, &start.cookie, response.headers_mut());
    Ok(response)
}

/// `GET /auth/github/callback`: whatever comes of it, the browser forgets what it had begun.
async fn come_back(
    State(web): State<Web>,
    before: Result<Option<Visitor>, Trouble>,
    client: Client,
    jar: CookieJar,
    Asked(callback): Asked<Callback>,
) -> Response {
    let begun = cookies::sign_in(&web, &jar);
    let answer = match before {
        Ok(before) => arrive(&web, before, &client, callback, begun).await,
        Err(trouble) => Err(trouble),
    };
    let mut response = answer.into_response();
    cookies::forget(&web, Kept::SignIn, response.headers_mut());
    response
}

async fn arrive(
    web: &Web,
    before: Option<Visitor>,
    client: &Client,
    callback: Callback,
    begun: Option<&str>,
) -> Answer {
    let github = web.github().ok_or_else(Trouble::nothing_here)?;
    let Arrival { profile, return_to } = match github.finish(callback, begun, Utc::now()).await {
        Ok(arrival) => arrival,
        Err(refused) => return refuse(web, client, &refused),
    };
    let mut tx = web.pool().begin().await?;
    let user = users::sign_in(&mut tx, &profile, Utc::now()).await?;
    let_in(web, tx, before, user.id, client, &return_to).await
}
