//! The people of the instance, and who of them administers it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::InstanceScope;
use crate::error::{Error, Kind};
use crate::identity::people::{self, Listing, Person};
use crate::identity::users;
use crate::ids::UserId;
use crate::web::Web;
use crate::web::forms::Asked;
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::{Answer, Trouble, sentence};
use crate::web::visitor::{Visit, Visitor};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/admin/users", list)
        .get("/admin/users/{user}", one)
        .post("/admin/users/{user}/grant-admin", grant)
        .post("/admin/users/{user}/revoke-admin", revoke)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    /// Letters of a login or a name.
    q: String,
    page: String,
}

/// `admin/users.html`
#[derive(Serialize)]
struct PeoplePage {
    q: String,
    listing: Listing,
    /// The page before and the one after, where there is one.
    before: Option<String>,
    after: Option<String>,
}

impl Page for PeoplePage {
    const TEMPLATE: &'static str = "admin/users.html";
}

/// `admin/user.html`
#[derive(Serialize)]
struct PersonPage {
    person: Person,
    is_self: bool,
    refusal: Option<String>,
}

impl Page for PersonPage {
    const TEMPLATE: &'static str = "admin/user.html";
}

/// `GET /admin/users`
async fn list(
    State(web): State<Web>,
    visitor: Visitor,
    Asked(Query { q, page }): Asked<Query>,
) -> Answer {
    let instance = visitor.instance()?;
    let mut visit = web.visit(visitor).await?;
    let page = page.parse().unwrap_or(1);
    let listing = people::search(&mut visit.tx, instance, &q, page).await?;
    let address = |page: i64| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("q", &q).append_pair("page", &page.to_string()).finish();
        format!("/admin/users?{query}")
    };
    let before = (listing.page > 1).then(|| address(listing.page - 1));
    let after = (listing.page < listing.pages).then(|| address(listing.page + 1));
    visit.show(&PeoplePage { q, listing, before, after }).await
}

/// `GET /admin/users/{user}`
async fn one(State(web): State<Web>, visitor: Visitor, Path(user): Path<String>) -> Answer {
    let instance = visitor.instance()?;
    let visit = web.visit(visitor).await?;
    show(visit, instance, &user, None).await
}

/// `POST /admin/users/{user}/grant-admin`
async fn grant(State(web): State<Web>, visitor: Visitor, Path(user): Path<String>) -> Answer {
    let instance = visitor.instance()?;
    let mut visit = web.visit(visitor).await?;
    let person = find(&mut visit, instance, &user).await?;
    users::grant_admin(&mut visit.tx, instance, person.id).await?;
    visit.done(format!("{} is an administrator now.", person.login), "/admin/users").await
}

/// `POST /admin/users/{user}/revoke-admin`
async fn revoke(State(web): State<Web>, visitor: Visitor, Path(user): Path<String>) -> Answer {
    let instance = visitor.instance()?;
    let mut visit = web.visit(visitor).await?;
    let person = find(&mut visit, instance, &user).await?;
    match users::revoke_admin(&mut visit.tx, instance, person.id).await {
        Ok(()) if person.id == visit.visitor.signed_in.user().id => {
            visit.done("You are no administrator any more.", "/projects").await
        }
        Ok(()) => {
            let text = format!("{} is no administrator any more.", person.login);
            visit.done(text, "/admin/users").await
        }
        Err(error @ Error::Forbidden { .. }) => {
            let refusal = sentence(&error.to_string());
            show(visit.again().await?, instance, &user, Some(refusal)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn show(
    mut visit: Visit,
    instance: InstanceScope,
    user: &str,
    refusal: Option<String>,
) -> Answer {
    let person = find(&mut visit, instance, user).await?;
    let is_self = person.id == visit.visitor.signed_in.user().id;
    let status = if refusal.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    visit.show_with(status, &PersonPage { person, is_self, refusal }).await
}

async fn find(visit: &mut Visit, instance: InstanceScope, user: &str) -> Result<Person, Trouble> {
    let id =
        Uuid::try_parse(user).map(UserId::from).map_err(|_| Error::not_found(Kind::User, user))?;
    Ok(people::get(&mut visit.tx, instance, id).await?)
}
