//! A project's settings: as a whole, its members, roles and priorities, and its agents' tokens.
//!
//! Every member sees them; the owner and administrators change them, and members what is their own.
//! Who may what is for the domains to say: a page only leaves out what would be refused.

mod connect;
mod general;
mod lifecycle;
mod members;
mod priorities;
mod roles;
mod tokens;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use uuid::Uuid;

use super::Web;
use super::routes::Routes;
use super::trouble::{Answer, Trouble};
use super::visitor::{ProjectVisit, Visitor};
use crate::access::Standing;
use crate::error::{Error, Kind};
use crate::ids::UserId;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/p/{slug}/settings", settings)
        .and(general::routes())
        .and(lifecycle::routes())
        .and(members::routes())
        .and(roles::routes())
        .and(priorities::routes())
        .and(tokens::routes())
}

/// `GET /p/{slug}/settings`
async fn settings(State(web): State<Web>, visitor: Visitor, Path(slug): Path<String>) -> Answer {
    // Only what is the slug of a project may stand in a header.
    web.enter(visitor, &slug).await?;
    Ok(Redirect::to(&address(&slug, "general")).into_response())
}

/// Begins a visit of somebody who may do this, in a project that takes it: before a form is read, so
/// that nobody is shown what is wrong with a form that would be refused.
async fn enter_as_owner(
    web: &Web,
    visitor: Visitor,
    slug: &str,
    action: &'static str,
) -> Result<ProjectVisit, Trouble> {
    let visit = web.enter(visitor, slug).await?;
    visit.scope.require(Standing::Owner, action)?;
    Ok(visit)
}

/// Where one of the pages is.
fn address(slug: &str, page: &str) -> String {
    format!("/p/{slug}/settings/{page}")
}

/// Who is here.
fn person(visit: &ProjectVisit) -> UserId {
    visit.visit.visitor.signed_in.user().id
}

/// The id that an address or a form names; text that is no id is an id of nothing.
fn id<T: From<Uuid>>(kind: Kind, text: &str) -> Result<T, Error> {
    Uuid::try_parse(text).map(T::from).map_err(|_| Error::not_found(kind, text))
}

/// The ids of what is ticked in a form.
fn ids<T: From<Uuid>>(kind: Kind, texts: &[String]) -> Result<Vec<T>, Error> {
    texts.iter().map(|text| id(kind, text)).collect()
}
