//! The projects that a person may see, and making one.

use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::Web;
use super::forms::{Filled, Posted, Wrong};
use super::page::Page;
use super::routes::Routes;
use super::trouble::{Answer, Trouble};
use super::visitor::{Visit, Visitor};
use crate::projects::{self, NewProject, Overview, ProjectKey};
use crate::text::Line;

pub(super) fn routes() -> Routes {
    Routes::new().get("/projects", list).get("/projects/new", new).post("/projects/new", create)
}

/// `projects/list.html`
#[derive(Serialize)]
struct ListPage {
    projects: Overview,
}

impl Page for ListPage {
    const TEMPLATE: &'static str = "projects/list.html";
}

/// `projects/new.html`
#[derive(Serialize)]
struct NewPage {
    form: Filled<Form>,
}

impl Page for NewPage {
    const TEMPLATE: &'static str = "projects/new.html";
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    name: String,
    /// Made from the name when it is empty.
    key: String,
}

impl Form {
    fn read(&self, visit: &Visit) -> Result<NewProject, Wrong> {
        let mut wrong = Wrong::default();
        let name = wrong.read("name", Line::parse(&self.name));
        let key = match self.key.trim() {
            "" => Some(None),
            key => wrong.read("key", key.to_uppercase().parse::<ProjectKey>()).map(Some),
        };
        let owner = visit.visitor.signed_in.user().id;
        wrong.unless(name.zip(key).map(|(name, key)| NewProject { name, slug: None, key, owner }))
    }
}

/// `GET /projects`
async fn list(State(web): State<Web>, visitor: Visitor) -> Answer {
    let mut visit = web.visit(visitor).await?;
    let projects = projects::list_for(&mut visit.tx, &visit.visitor.caller()).await?;
    visit.show(&ListPage { projects }).await
}

/// `GET /projects/new`, for administrators
async fn new(State(web): State<Web>, visitor: Visitor) -> Answer {
    visitor.instance()?;
    let visit = web.visit(visitor).await?;
    visit.show(&NewPage { form: Filled::fresh(Form::default()) }).await
}

/// `POST /projects/new`, for administrators
async fn create(State(web): State<Web>, visitor: Visitor, Posted(form): Posted<Form>) -> Answer {
    let instance = visitor.instance()?;
    let mut visit = web.visit(visitor).await?;
    let project = match form.read(&visit) {
        Ok(project) => project,
        Err(wrong) => return again(visit, Filled::wrong(form, wrong)).await,
    };
    match projects::create(&mut visit.tx, instance, &project).await {
        Ok(scope) => {
            let made = projects::get(&mut visit.tx, &scope).await?;
            let to = format!("/p/{}/settings/tokens", made.slug);
            visit.done(format!("{} is ready. Connect an agent to it:", made.name), &to).await
        }
        Err(error) => again(visit, Filled::refused(form, error)?).await,
    }
}

/// Shows the form again. What was tried may have ended the transaction, so there is a new one.
async fn again(visit: Visit, form: Filled<Form>) -> Result<axum::response::Response, Trouble> {
    let status = form.status();
    visit.again().await?.show_with(status, &NewPage { form }).await
}
