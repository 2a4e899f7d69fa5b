//! Sign-in by a one-time link, where GitHub does not do it.
//!
//! Programs look at links before people do, so opening one uses nothing up: its page has a button,
//! and the button's POST signs in. The page sends its address, which has the key, nowhere.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::{let_in, refuse};
use crate::identity::{LinkSecret, LocalPath, SignInRefused, User, links};
use crate::web::Web;
use crate::web::forms::{Asked, Posted};
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::{Answer, Trouble};
use crate::web::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::new().get("/login/local", look).post("/login/local", sign_in)
}

/// What the link carries, and the form behind it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Key {
    key: String,
}

/// `sign_in/local.html`
#[derive(Serialize)]
struct LocalPage {
    person: User,
    key: String,
}

impl Page for LocalPage {
    const TEMPLATE: &'static str = "sign_in/local.html";
}

/// `GET /login/local`
async fn look(
    State(web): State<Web>,
    visitor: Option<Visitor>,
    client: Client,
    Asked(Key { key }): Asked<Key>,
) -> Answer {
    accepts_links(&web)?;
    let Ok(secret) = LinkSecret::parse(&key) else {
        return refuse(&web, &client, &SignInRefused::Link);
    };
    let mut db = web.pool().acquire().await?;
    let found = links::find(&mut db, &secret, Utc::now()).await?;
    drop(db);
    let Some(person) = found else { return refuse(&web, &client, &SignInRefused::Link) };
    let page = LocalPage { person, key };
    let mut response = web.show_to(visitor, "/login/local", &page).await?;
    // The key stands in the address and goes nowhere. The bare origin may: without it older
    // browsers would send the form from nowhere, and it would be refused as foreign.
    let origin_only = HeaderValue::from_static("strict-origin");
    response.headers_mut().insert(header::REFERRER_POLICY, origin_only);
    Ok(response)
}

/// `POST /login/local`
async fn sign_in(
    State(web): State<Web>,
    before: Option<Visitor>,
    client: Client,
    Posted(Key { key }): Posted<Key>,
) -> Answer {
    accepts_links(&web)?;
    let Ok(secret) = LinkSecret::parse(&key) else {
        return refuse(&web, &client, &SignInRefused::Link);
    };
    let mut tx = web.pool().begin().await?;
    match links::redeem(&mut tx, &secret, Utc::now()).await? {
        Some(user) => let_in(&web, tx, before, user.id, &client, &LocalPath::default()).await,
        None => refuse(&web, &client, &SignInRefused::Link),
    }
}

/// Where GitHub signs people in, this address does not exist.
fn accepts_links(web: &Web) -> Result<(), Trouble> {
    if links::are_accepted(web.config()) { Ok(()) } else { Err(Trouble::nothing_here()) }
}
