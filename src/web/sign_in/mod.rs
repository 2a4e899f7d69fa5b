//! The way in, and out: with GitHub, by a one-time link, and signing out.
//!
//! Whoever is let in gets a session of its own, never one that was there before, and the one that
//! the browser had ends with it. Nothing of a sign-in is logged: codes and keys stand in addresses,
//! of which the log has the path only.

mod client;
mod github;
mod local;
mod login;
mod logout;

use axum::response::{IntoResponse as _, Redirect};
use chrono::Utc;
use sqlx::{Postgres, Transaction};

use super::Web;
use super::cookies;
use super::routes::Routes;
use super::trouble::{Answer, Trouble};
use super::visitor::Visitor;
use crate::error::Error;
use crate::identity::{LocalPath, SignInRefused, sessions};
use crate::ids::UserId;

use client::Client;

pub(super) fn routes() -> Routes {
    login::routes().and(github::routes()).and(local::routes()).and(logout::routes())
}

/// Where somebody who is not signed in is sent, to come back afterwards.
pub(super) fn address(back_to: &str) -> String {
    with_next("/login", back_to)
}

/// An address that leads on to another once somebody is signed in.
fn with_next(address: &str, next: &str) -> String {
    match next {
        "/" => address.to_owned(),
        next => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            format!("{address}?{}", query.append_pair("next", next).finish())
        }
    }
}

/// A path to go on to, as it was asked for; the front page when it is not plainly one of ours.
fn next_of(asked: Option<&str>) -> LocalPath {
    asked.and_then(LocalPath::parse).unwrap_or_default()
}

/// Lets in whose identity was proven in this transaction, in place of who was here before.
async fn let_in(
    web: &Web,
    mut tx: Transaction<'static, Postgres>,
    before: Option<Visitor>,
    user: UserId,
    client: &Client,
    next: &LocalPath,
) -> Answer {
    if let Some(Visitor { signed_in, .. }) = before {
        match sessions::close(&mut tx, &signed_in, signed_in.session()).await {
            // Ended meanwhile, which is what was wanted.
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let opened = sessions::open(&mut tx, web.keys(), user, &client.browser, Utc::now()).await?;
    tx.commit().await?;
    let mut response = Redirect::to(next.as_str()).into_response();
    cookies::keep_session(web, &opened.secret, response.headers_mut());
    Ok(response)
}

/// Sends somebody who is not let in back to the sign-in page, which says why.
///
/// The failure is counted against the address it came from. Who is let in is never counted and
/// never held back, whatever others behind the same address do.
fn refuse(web: &Web, client: &Client, refused: &SignInRefused) -> Answer {
    web.failed_sign_ins()
        .count(&client.address)
        .map_err(|seconds| Trouble::too_many("Too many failed sign-ins", seconds))?;
    tracing::info!(reason = refused.code(), address = %client.address, "a sign-in was refused");
    Ok(Redirect::to(&format!("/login?error={}", refused.code())).into_response())
}
