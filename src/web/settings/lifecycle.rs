//! What happens to a project as a whole: another owner, put away and brought back, left, deleted.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{address, id};
use crate::access::Standing;
use crate::error::Kind;
use crate::projects::{self, Project};
use crate::web::Web;
use crate::web::forms::{Filled, Posted};
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::{Answer, Trouble};
use crate::web::visitor::{ProjectVisit, Visitor};

pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/p/{slug}/settings/general/owner", change_owner)
        .post("/p/{slug}/settings/general/archive", archive)
        .post("/p/{slug}/settings/general/unarchive", unarchive)
        .post("/p/{slug}/settings/general/leave", leave)
        .get("/p/{slug}/settings/general/delete", ask_delete)
        .post("/p/{slug}/settings/general/delete", delete)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnerForm {
    owner: String,
}

/// `settings/delete.html`
#[derive(Serialize)]
struct DeletePage {
    project: Project,
    members: usize,
    live_tokens: i64,
    form: Filled<DeleteForm>,
}

impl Page for DeletePage {
    const TEMPLATE: &'static str = "settings/delete.html";
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteForm {
    /// The project's slug, typed.
    slug: String,
}

/// `POST /p/{slug}/settings/general/owner`, for the owner and administrators
async fn change_owner(
    State(web): State<Web>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Posted(form): Posted<OwnerForm>,
) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    let owner = id(Kind::Member, &form.owner)?;
    projects::change_owner(&mut visit.visit.tx, &visit.scope, owner).await?;
    let settings = projects::settings(&mut visit.visit.tx, &visit.scope).await?;
    let text = format!("{} owns the project now.", settings.owner);
    visit.done(text, &address(&slug, "general")).await
}

/// `POST /p/{slug}/settings/general/archive`, for the owner and administrators
async fn archive(State(web): State<Web>, visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    projects::archive(&mut visit.visit.tx, &visit.scope).await?;
    visit.done("The project is archived.", &address(&slug, "general")).await
}

/// `POST /p/{slug}/settings/general/unarchive`, for the owner and administrators
async fn unarchive(State(web): State<Web>, visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    projects::unarchive(&mut visit.visit.tx, &visit.scope).await?;
    visit.done("The project is back.", &address(&slug, "general")).await
}

/// `POST /p/{slug}/settings/general/leave`, for members; the owner first names another
async fn leave(State(web): State<Web>, visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    let project = projects::get(&mut visit.visit.tx, &visit.scope).await?;
    projects::leave(&mut visit.visit.tx, &visit.scope, None).await?;
    visit.done(format!("You have left {}.", project.name), "/projects").await
}

/// `GET /p/{slug}/settings/general/delete`, for administrators
async fn ask_delete(State(web): State<Web>, visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let visit = web.enter(visitor, &slug).await?;
    visit.scope.require_standing(Standing::Admin, "delete the project")?;
    delete_page(visit, Filled::fresh(DeleteForm::default())).await
}

/// `POST /p/{slug}/settings/general/delete`, for administrators
async fn delete(
    State(web): State<Web>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Posted(form): Posted<DeleteForm>,
) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    let by = visit.visit.visitor.signed_in.user().login.clone();
    let name = projects::get(&mut visit.visit.tx, &visit.scope).await?.name;
    match projects::delete(&mut visit.visit.tx, &visit.scope, form.slug.trim()).await {
        Ok(deleted) => {
            let answer = visit.done(format!("{name} is deleted."), "/projects").await?;
            // The project's own record went with it.
            let projects::Deleted { slug, tasks, tokens } = deleted;
            tracing::info!(project = slug, tasks, tokens, by, "a project was deleted");
            Ok(answer)
        }
        Err(error) => delete_page(visit.again().await?, Filled::refused(form, error)?).await,
    }
}

async fn delete_page(
    mut visit: ProjectVisit,
    form: Filled<DeleteForm>,
) -> Result<Response, Trouble> {
    let project = projects::get(&mut visit.visit.tx, &visit.scope).await?;
    let members = projects::member_cards(&mut visit.visit.tx, &visit.scope).await?;
    let status = form.status();
    let live_tokens = members.iter().map(|member| member.live_tokens).sum();
    let page = DeletePage { project, members: members.len(), live_tokens, form };
    visit.show_with(status, &page).await
}
