//! The tokens of a project's agents. A secret is shown in the one answer that makes it, and never
//! again: sending the same form once more finds the name taken.

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{address, connect, id, person};
use crate::access::Standing;
use crate::error::{Error, Kind};
use crate::identity::Expiry;
use crate::identity::tokens::{self, NewToken, Token};
use crate::ids::RoleId;
use crate::projects::{self, Role};
use crate::text::Line;
use crate::web::Web;
use crate::web::forms::{Filled, Posted, Wrong};
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::{Answer, Trouble};
use crate::web::visitor::{ProjectVisit, Visitor};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/p/{slug}/settings/tokens", list)
        .post("/p/{slug}/settings/tokens", issue)
        .post("/p/{slug}/settings/tokens/{token}/revoke", revoke)
}

/// `settings/tokens.html`
#[derive(Serialize)]
struct TokensPage {
    tokens: Vec<Row>,
    roles: Vec<Role>,
    expiries: Vec<(&'static str, &'static str)>,
    form: Filled<Form>,
    /// Administrators see projects in which they are nobody's colleague, and have no agents there.
    is_member: bool,
    endpoint: String,
}

impl Page for TokensPage {
    const TEMPLATE: &'static str = "settings/tokens.html";
}

/// `settings/token_issued.html`
#[derive(Serialize)]
struct IssuedPage {
    name: String,
    secret: String,
    expires_at: Option<DateTime<Utc>>,
    clients: Vec<connect::Client>,
}

impl Page for IssuedPage {
    const TEMPLATE: &'static str = "settings/token_issued.html";
}

/// A token, and what its row shows beside.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    token: Token,
    role: Option<Role>,
    end: End,
    is_own: bool,
    may_revoke: bool,
}

/// How far away the end of a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum End {
    Never,
    Far,
    Near,
    Past,
}

/// Long enough before the end that somebody looks by in time.
const NEAR: TimeDelta = TimeDelta::days(7);

impl End {
    fn of(expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        match expires_at {
            None => Self::Never,
            Some(at) if at <= now => Self::Past,
            Some(at) if at <= now + NEAR => Self::Near,
            Some(_) => Self::Far,
        }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    name: String,
    /// A role's id; none when it is empty.
    role: String,
    expires: String,
}

/// What a form asks for.
struct Wanted {
    name: Line<60>,
    role: Option<RoleId>,
    expiry: Expiry,
}

impl Form {
    fn read(&self) -> Result<Wanted, Wrong> {
        let mut wrong = Wrong::default();
        let name = wrong.read("name", Line::parse(&self.name));
        let role = match self.role.as_str() {
            "" => Some(None),
            role => {
                let read =
                    id(Kind::Role, role).map_err(|_| "one of the project's roles".to_owned());
                wrong.read("role", read).map(Some)
            }
        };
        let expiry = wrong.read("expires", self.expires.parse());
        let wanted = name.zip(role).zip(expiry);
        wrong.unless(wanted.map(|((name, role), expiry)| Wanted { name, role, expiry }))
    }
}

/// `GET /p/{slug}/settings/tokens`
async fn list(State(web): State<Web>, visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let visit = web.enter(visitor, &slug).await?;
    let form = Form { expires: Expiry::default().as_str().to_owned(), ..Form::default() };
    list_page(&web, visit, Filled::fresh(form)).await
}

/// `POST /p/{slug}/settings/tokens`, for members
async fn issue(
    State(web): State<Web>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Posted(form): Posted<Form>,
) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    let wanted = match form.read() {
        Ok(wanted) => wanted,
        Err(wrong) => return list_page(&web, visit, Filled::wrong(form, wrong)).await,
    };
    let now = Utc::now();
    let expires_at = wanted.expiry.ends_at(now);
    let new = NewToken {
        user: person(&visit),
        name: wanted.name.clone(),
        default_role: wanted.role,
        expires_at,
    };
    match tokens::issue(&mut visit.visit.tx, &visit.scope, &new, now).await {
        Ok(issued) => {
            let secret = issued.secret.expose().to_owned();
            let clients = connect::clients(&web.config().public_url, &secret);
            let name = wanted.name.as_str().to_owned();
            visit.done_showing(&IssuedPage { name, secret, expires_at, clients }).await
        }
        Err(error) => {
            // Of an administrator who is no member; for everybody else there is no project here.
            let error = match error {
                Error::NotFound { kind: Kind::Member, .. } => {
                    Error::invalid("name", "only members have agents; add yourself under Members")
                }
                other => other,
            };
            let form = Filled::refused(form, error)?;
            list_page(&web, visit.again().await?, form).await
        }
    }
}

/// `POST /p/{slug}/settings/tokens/{token}/revoke`, for whom it belongs to, the owner and
/// administrators
async fn revoke(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, token)): Path<(String, String)>,
) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    let token = id(Kind::Token, &token)?;
    tokens::revoke(&mut visit.visit.tx, &visit.scope, token).await?;
    visit.done("The token is revoked: its next call is refused.", &address(&slug, "tokens")).await
}

async fn list_page(
    web: &Web,
    mut visit: ProjectVisit,
    form: Filled<Form>,
) -> Result<Response, Trouble> {
    let (person, sees_all) = (person(&visit), visit.scope.standing() >= Standing::Owner);
    let (db, scope) = (&mut visit.visit.tx, &visit.scope);
    let roles = projects::list_roles(db, scope).await?;
    let members = projects::list_members(db, scope).await?;
    let tokens = tokens::list(db, scope).await?;
    let now = Utc::now();
    let row = |token: Token| {
        let is_own = token.user_id == person;
        let role = token.default_role.as_ref();
        Row {
            role: role.and_then(|key| roles.iter().find(|role| role.key == *key)).cloned(),
            end: End::of(token.expires_at, now),
            is_own,
            may_revoke: is_own || sees_all,
            token,
        }
    };
    let status = form.status();
    let page = TokensPage {
        tokens: tokens.into_iter().map(row).collect(),
        expiries: Expiry::ALL.iter().map(|expiry| (expiry.as_str(), expiry.label())).collect(),
        form,
        is_member: members.iter().any(|member| member.user_id == person),
        endpoint: connect::endpoint(&web.config().public_url),
        roles,
    };
    visit.show_with(status, &page).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_near_from_a_week_before_and_past_from_its_moment() {
        let now: DateTime<Utc> = "2030-06-01T12:00:00Z".parse().unwrap();
        let end = |days: i64| End::of(Some(now + TimeDelta::days(days)), now);
        assert_eq!(End::of(None, now), End::Never);
        assert_eq!([end(8), end(7), end(0), end(-1)], [End::Far, End::Near, End::Past, End::Past]);
    }
}
