//! Who works in a project, and in which roles.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{address, enter_as_owner, id, ids};
use crate::error::{Error, Kind};
use crate::ids::UserId;
use crate::projects::{self, MemberCard, Role};
use crate::web::Web;
use crate::web::forms::{Filled, Posted};
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::{Answer, Trouble};
use crate::web::visitor::{ProjectVisit, Visitor};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/p/{slug}/settings/members", list)
        .post("/p/{slug}/settings/members", add)
        .get("/p/{slug}/settings/members/{member}", show)
        .post("/p/{slug}/settings/members/{member}", save)
        .post("/p/{slug}/settings/members/{member}/remove", remove)
}

/// `settings/members.html`
#[derive(Serialize)]
struct MembersPage {
    members: Vec<Row>,
    roles: Vec<Role>,
    form: Filled<AddForm>,
}

impl Page for MembersPage {
    const TEMPLATE: &'static str = "settings/members.html";
}

/// `settings/member.html`
#[derive(Serialize)]
struct MemberPage {
    member: Row,
    roles: Vec<Role>,
}

impl Page for MemberPage {
    const TEMPLATE: &'static str = "settings/member.html";
}

/// A member, with the roles it holds as they are shown.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    card: MemberCard,
    /// The name under which parts show people.
    login: String,
    held: Vec<Role>,
}

impl Row {
    fn of(card: MemberCard, roles: &[Role]) -> Self {
        let held = roles.iter().filter(|role| card.roles.contains(&role.key)).cloned().collect();
        Self { login: card.github_login.clone(), card, held }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddForm {
    login: String,
    /// The ids of the roles that are ticked.
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RolesForm {
    #[serde(default)]
    roles: Vec<String>,
}

/// `GET /p/{slug}/settings/members`
async fn list(State(web): State<Web>, visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let visit = web.enter(visitor, &slug).await?;
    list_page(visit, Filled::fresh(AddForm::default())).await
}

/// `POST /p/{slug}/settings/members`, for the owner and administrators
async fn add(
    State(web): State<Web>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Posted(form): Posted<AddForm>,
) -> Answer {
    let mut visit = enter_as_owner(&web, visitor, &slug, "add a member").await?;
    let roles = ids(Kind::Role, &form.roles)?;
    let (db, scope) = (&mut visit.visit.tx, &visit.scope);
    match projects::add_member_by_login(db, scope, &form.login, &roles).await {
        Ok(user) => {
            let member = find(&mut visit, user).await?.member;
            let text = format!("{} is a member of the project.", member.login);
            visit.done(text, &address(&slug, "members")).await
        }
        Err(error) => list_page(visit.again().await?, Filled::refused(form, error)?).await,
    }
}

/// `GET /p/{slug}/settings/members/{member}`, for the owner and administrators
async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, member)): Path<(String, String)>,
) -> Answer {
    let mut visit = enter_as_owner(&web, visitor, &slug, "change a member's roles").await?;
    let page = find(&mut visit, id(Kind::Member, &member)?).await?;
    visit.show(&page).await
}

/// `POST /p/{slug}/settings/members/{member}`, for the owner and administrators
async fn save(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, member)): Path<(String, String)>,
    Posted(form): Posted<RolesForm>,
) -> Answer {
    let mut visit = enter_as_owner(&web, visitor, &slug, "change a member's roles").await?;
    let (member, roles) = (id(Kind::Member, &member)?, ids(Kind::Role, &form.roles)?);
    projects::set_member_roles(&mut visit.visit.tx, &visit.scope, member, &roles).await?;
    let member = find(&mut visit, member).await?.member;
    let text = format!("The roles of {} are saved.", member.login);
    visit.done(text, &address(&slug, "members")).await
}

/// `POST /p/{slug}/settings/members/{member}/remove`, for the owner and administrators; members
/// leave by themselves from the first page of the settings
async fn remove(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, member)): Path<(String, String)>,
) -> Answer {
    let mut visit = enter_as_owner(&web, visitor, &slug, "remove a member").await?;
    let user = id(Kind::Member, &member)?;
    let member = find(&mut visit, user).await?.member;
    projects::remove_member(&mut visit.visit.tx, &visit.scope, user).await?;
    let text = format!("{} is no longer a member, and its tokens have ended.", member.login);
    visit.done(text, &address(&slug, "members")).await
}

async fn list_page(mut visit: ProjectVisit, form: Filled<AddForm>) -> Result<Response, Trouble> {
    let (db, scope) = (&mut visit.visit.tx, &visit.scope);
    let roles = projects::list_roles(db, scope).await?;
    let cards = projects::member_cards(db, scope).await?;
    let members = cards.into_iter().map(|card| Row::of(card, &roles)).collect();
    let status = form.status();
    visit.show_with(status, &MembersPage { members, roles, form }).await
}

/// A member as its own page shows it.
async fn find(visit: &mut ProjectVisit, user: UserId) -> Result<MemberPage, Error> {
    let (db, scope) = (&mut visit.visit.tx, &visit.scope);
    let roles = projects::list_roles(db, scope).await?;
    let cards = projects::member_cards(db, scope).await?;
    let card = cards.into_iter().find(|card| card.user_id == user);
    let card = card.ok_or_else(|| Error::not_found(Kind::Member, user))?;
    Ok(MemberPage { member: Row::of(card, &roles), roles })
}
