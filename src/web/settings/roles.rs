//! The kinds of work of a project: named, coloured, put into order.
//!
//! The order is sent by dragging as a whole, and by the buttons as one step. Both are forms.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{address, enter_as_owner, id};
use crate::error::{Error, Kind};
use crate::ids::RoleId;
use crate::projects::{self, Direction, NewRole, RoleEdit, ShortName, Swatch, UsedRole};
use crate::text::Line;
use crate::web::Web;
use crate::web::forms::{Filled, Posted, Wrong};
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::{Answer, Trouble};
use crate::web::visitor::{ProjectVisit, Visitor};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/p/{slug}/settings/roles", list)
        .post("/p/{slug}/settings/roles", add)
        .post("/p/{slug}/settings/roles/order", reorder)
        .get("/p/{slug}/settings/roles/{role}", show)
        .post("/p/{slug}/settings/roles/{role}", save)
        .post("/p/{slug}/settings/roles/{role}/move", step)
        .get("/p/{slug}/settings/roles/{role}/delete", ask_delete)
        .post("/p/{slug}/settings/roles/{role}/delete", delete)
}

/// `settings/roles.html`
#[derive(Serialize)]
struct RolesPage {
    roles: Vec<UsedRole>,
    swatches: &'static [Swatch],
    form: Filled<NewForm>,
    /// Whether the order that was sent was one of other roles.
    is_stale: bool,
}

impl Page for RolesPage {
    const TEMPLATE: &'static str = "settings/roles.html";
}

/// `settings/role.html`
#[derive(Serialize)]
struct RolePage {
    role: UsedRole,
    swatches: &'static [Swatch],
    form: Filled<EditForm>,
}

impl Page for RolePage {
    const TEMPLATE: &'static str = "settings/role.html";
}

/// `settings/role_delete.html`
#[derive(Serialize)]
struct DeletePage {
    role: UsedRole,
}

impl Page for DeletePage {
    const TEMPLATE: &'static str = "settings/role_delete.html";
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewForm {
    label: String,
    /// Made from the label when it is empty.
    key: String,
    color: String,
}

impl NewForm {
    fn read(&self) -> Result<NewRole, Wrong> {
        let mut wrong = Wrong::default();
        let label = wrong.read("label", Line::parse(&self.label));
        let key = match self.key.trim() {
            "" => Some(None),
            key => wrong.read("key", key.parse::<ShortName>()).map(Some),
        };
        let color = wrong.read("color", self.color.parse());
        let role = label.zip(key).zip(color);
        wrong.unless(role.map(|((label, key), color)| NewRole { label, key, color }))
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EditForm {
    label: String,
    color: String,
}

impl EditForm {
    fn read(&self) -> Result<RoleEdit, Wrong> {
        let mut wrong = Wrong::default();
        let label = wrong.read("label", Line::parse(&self.label));
        let color = wrong.read("color", self.color.parse());
        wrong.unless(label.zip(color).map(|(label, color)| RoleEdit { label, color }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderForm {
    /// The ids of all roles in their order, with spaces between them.
    order: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepForm {
    direction: Step,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Up,
    Down,
}

/// `GET /p/{slug}/settings/roles`
async fn list(State(web): State<Web>, visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let visit = web.enter(visitor, &slug).await?;
    list_page(visit, Filled::fresh(empty())).await
}

/// `POST /p/{slug}/settings/roles`, for the owner and administrators
async fn add(
    State(web): State<Web>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Posted(form): Posted<NewForm>,
) -> Answer {
    let mut visit = enter_as_owner(&web, visitor, &slug, "add a role").await?;
    let role = match form.read() {
        Ok(role) => role,
        Err(wrong) => return list_page(visit, Filled::wrong(form, wrong)).await,
    };
    match projects::create_role(&mut visit.visit.tx, &visit.scope, &role).await {
        Ok(role) => {
            let text = format!("The role {} is there; agents know it as {}.", role.label, role.key);
            visit.done(text, &address(&slug, "roles")).await
        }
        Err(error) => list_page(visit.again().await?, Filled::refused(form, error)?).await,
    }
}

/// `POST /p/{slug}/settings/roles/order`, for the owner and administrators
async fn reorder(
    State(web): State<Web>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Posted(form): Posted<OrderForm>,
) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    let order: Vec<RoleId> =
        form.order.split_whitespace().map(|role| id(Kind::Role, role)).collect::<Result<_, _>>()?;
    match projects::reorder_roles(&mut visit.visit.tx, &visit.scope, &order).await {
        Ok(()) => visit.done("The order is saved.", &address(&slug, "roles")).await,
        Err(Error::Stale { .. }) => {
            let visit = visit.again().await?;
            roles_page(visit, StatusCode::CONFLICT, Filled::fresh(empty()), true).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /p/{slug}/settings/roles/{role}/move`, for the owner and administrators
async fn step(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, role)): Path<(String, String)>,
    Posted(form): Posted<StepForm>,
) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    let direction = match form.direction {
        Step::Up => Direction::Up,
        Step::Down => Direction::Down,
    };
    let role = id(Kind::Role, &role)?;
    projects::move_role(&mut visit.visit.tx, &visit.scope, role, direction).await?;
    visit.done("The order is saved.", &address(&slug, "roles")).await
}

/// `GET /p/{slug}/settings/roles/{role}`, for the owner and administrators
async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, role)): Path<(String, String)>,
) -> Answer {
    let mut visit = enter_as_owner(&web, visitor, &slug, "change a role").await?;
    let role = find(&mut visit, id(Kind::Role, &role)?).await?;
    let values =
        EditForm { label: role.role.label.clone(), color: role.role.color.as_str().to_owned() };
    visit.show(&RolePage { role, swatches: Swatch::ALL, form: Filled::fresh(values) }).await
}

/// `POST /p/{slug}/settings/roles/{role}`, for the owner and administrators
async fn save(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, role)): Path<(String, String)>,
    Posted(form): Posted<EditForm>,
) -> Answer {
    let mut visit = enter_as_owner(&web, visitor, &slug, "change a role").await?;
    let role = id(Kind::Role, &role)?;
    let edit = match form.read() {
        Ok(edit) => edit,
        Err(wrong) => return edit_page(visit, role, Filled::wrong(form, wrong)).await,
    };
    match projects::edit_role(&mut visit.visit.tx, &visit.scope, role, &edit).await {
        Ok(()) => {
            let text = format!("The role {} is saved.", edit.label);
            visit.done(text, &address(&slug, "roles")).await
        }
        Err(error) => edit_page(visit.again().await?, role, Filled::refused(form, error)?).await,
    }
}

/// `GET /p/{slug}/settings/roles/{role}/delete`, for the owner and administrators
async fn ask_delete(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, role)): Path<(String, String)>,
) -> Answer {
    let mut visit = enter_as_owner(&web, visitor, &slug, "delete a role").await?;
    let role = find(&mut visit, id(Kind::Role, &role)?).await?;
    visit.show(&DeletePage { role }).await
}

/// `POST /p/{slug}/settings/roles/{role}/delete`, for the owner and administrators
async fn delete(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, role)): Path<(String, String)>,
) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    let role = find(&mut visit, id(Kind::Role, &role)?).await?.role;
    projects::delete_role(&mut visit.visit.tx, &visit.scope, role.id).await?;
    visit.done(format!("The role {} is deleted.", role.label), &address(&slug, "roles")).await
}

/// The form of a role to be made, with a colour that is chosen already.
fn empty() -> NewForm {
    NewForm { color: Swatch::default().as_str().to_owned(), ..NewForm::default() }
}

async fn list_page(visit: ProjectVisit, form: Filled<NewForm>) -> Result<Response, Trouble> {
    roles_page(visit, form.status(), form, false).await
}

async fn roles_page(
    mut visit: ProjectVisit,
    status: StatusCode,
    form: Filled<NewForm>,
    is_stale: bool,
) -> Result<Response, Trouble> {
    let roles = projects::used_roles(&mut visit.visit.tx, &visit.scope).await?;
    let page = RolesPage { roles, swatches: Swatch::ALL, form, is_stale };
    visit.show_with(status, &page).await
}

async fn edit_page(
    mut visit: ProjectVisit,
    role: RoleId,
    form: Filled<EditForm>,
) -> Result<Response, Trouble> {
    let role = find(&mut visit, role).await?;
    let status = form.status();
    visit.show_with(status, &RolePage { role, swatches: Swatch::ALL, form }).await
}

async fn find(visit: &mut ProjectVisit, role: RoleId) -> Result<UsedRole, Error> {
    let roles = projects::used_roles(&mut visit.visit.tx, &visit.scope).await?;
    roles
        .into_iter()
        .find(|used| used.role.id == role)
        .ok_or_else(|| Error::not_found(Kind::Role, role))
}
