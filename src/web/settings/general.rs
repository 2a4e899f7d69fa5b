//! A project's settings as a whole.
//!
//! The form carries the version that it was filled from. When somebody else has saved meanwhile, it
//! is shown again with what was typed beside what is saved, and sending it again is a decision.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{address, enter_as_owner, person};
use crate::error::Error;
use crate::projects::{self, DefaultView, Member, ProjectKey, Settings, SettingsEdit};
use crate::text::{Line, Markdown};
use crate::web::Web;
use crate::web::forms::{Filled, Posted, Wrong};
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::{Answer, Trouble};
use crate::web::visitor::{ProjectVisit, Visitor};

pub(super) fn routes() -> Routes {
    Routes::new().get("/p/{slug}/settings/general", show).post("/p/{slug}/settings/general", save)
}

/// `settings/general.html`
#[derive(Serialize)]
struct GeneralPage {
    settings: Settings,
    form: Filled<Form>,
    /// What is saved now, where it is not what was typed; only after a stale form.
    differences: Vec<Difference>,
    /// Who could own the project.
    members: Vec<Member>,
    views: Vec<(DefaultView, &'static str)>,
    is_own: bool,
    is_member: bool,
}

impl Page for GeneralPage {
    const TEMPLATE: &'static str = "settings/general.html";
}

/// One field of two versions.
#[derive(Serialize)]
struct Difference {
    field: &'static str,
    saved: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    name: String,
    key: String,
    description: String,
    language: String,
    project_type: String,
    default_view: String,
    cycle_label: String,
    page_size: String,
    lease_minutes: String,
    version: String,
}

/// The views, as people call them.
const VIEWS: [(DefaultView, &str); 4] = [
    (DefaultView::Board, "Board"),
    (DefaultView::Gantt, "Plan"),
    (DefaultView::Docs, "Documents"),
    (DefaultView::Arch, "Architecture"),
];

impl Form {
    /// The form as the settings fill it.
    fn of(settings: &Settings) -> Self {
        Self {
            name: settings.name.clone(),
            key: settings.key.clone(),
            description: settings.description.clone(),
            language: settings.primary_language.clone().unwrap_or_default(),
            project_type: settings.project_type.clone().unwrap_or_default(),
            default_view: name_of(settings.default_view),
            cycle_label: settings.cycle_label.clone(),
            page_size: settings.mcp_page_size.to_string(),
            lease_minutes: settings.lease_minutes.to_string(),
            version: settings.version.to_string(),
        }
    }

    fn read(&self) -> Result<SettingsEdit, Wrong> {
        let mut wrong = Wrong::default();
        let name = wrong.read("name", Line::parse(&self.name));
        let key = wrong.read("key", self.key.trim().to_uppercase().parse::<ProjectKey>());
        // Browsers end the lines of a text with two characters, whatever they were given.
        let description =
            wrong.read("description", Markdown::parse(self.description.replace("\r\n", "\n")));
        let language = wrong.read("language", optional(&self.language));
        let project_type = wrong.read("project_type", optional(&self.project_type));
        let default_view = wrong.read("default_view", view_of(&self.default_view));
        let cycle_label = wrong.read("cycle_label", Line::parse(&self.cycle_label));
        let page_size = wrong.read("page_size", number(&self.page_size));
        let lease_minutes = wrong.read("lease_minutes", number(&self.lease_minutes));
        let version = wrong.read("version", number(&self.version));
        let edit = || {
            Some(SettingsEdit {
                name: name?,
                key: key?,
                description: description?,
                primary_language: language?,
                project_type: project_type?,
                default_view: default_view?,
                cycle_label: cycle_label?,
                mcp_page_size: page_size?,
                lease_minutes: lease_minutes?,
                version: version?,
            })
        };
        let edit = edit();
        wrong.unless(edit)
    }

    /// Where what is saved is not what was typed.
    fn differences(&self, settings: &Settings) -> Vec<Difference> {
        let saved = Self::of(settings);
        let view = settings.default_view;
        let fields = [
            ("Name", &self.name, saved.name.clone()),
            ("Key", &self.key, saved.key.clone()),
            ("Description", &self.description.replace("\r\n", "\n"), saved.description.clone()),
            ("Language", &self.language, saved.language.clone()),
            ("Project type", &self.project_type, saved.project_type.clone()),
            ("Default view", &self.default_view, saved.default_view.clone()),
            ("Cycle label", &self.cycle_label, saved.cycle_label.clone()),
            ("Page size for agents", &self.page_size, saved.page_size.clone()),
            ("Lease minutes", &self.lease_minutes, saved.lease_minutes.clone()),
        ];
        let differing = fields.into_iter().filter(|(_, typed, saved)| typed.trim() != saved.trim());
        differing
            .map(|(field, _, saved)| {
                let words =
                    VIEWS.iter().find(|(known, _)| field == "Default view" && *known == view);
                Difference { field, saved: words.map_or(saved, |(_, label)| (*label).to_owned()) }
            })
            .collect()
    }
}

fn optional(text: &str) -> Result<Option<Line<60>>, String> {
    if text.trim().is_empty() { Ok(None) } else { Line::parse(text).map(Some) }
}

fn number(text: &str) -> Result<i32, String> {
    text.trim().parse().map_err(|_| "a whole number".to_owned())
}

fn name_of(view: DefaultView) -> String {
    let name = serde_json::to_value(view).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

fn view_of(text: &str) -> Result<DefaultView, String> {
    let found = VIEWS.iter().find(|(view, _)| name_of(*view) == text);
    found.map(|(view, _)| *view).ok_or_else(|| "one of the views that are offered".to_owned())
}

/// `GET /p/{slug}/settings/general`
async fn show(State(web): State<Web>, visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    let settings = projects::settings(&mut visit.visit.tx, &visit.scope).await?;
    let form = Filled::fresh(Form::of(&settings));
    page(visit, settings, form, Vec::new()).await
}

/// `POST /p/{slug}/settings/general`, for the owner and administrators
async fn save(
    State(web): State<Web>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Posted(form): Posted<Form>,
) -> Answer {
    let mut visit = enter_as_owner(&web, visitor, &slug, "change the project's settings").await?;
    let edit = match form.read() {
        Ok(edit) => edit,
        Err(wrong) => return again(visit, Filled::wrong(form, wrong), false).await,
    };
    match projects::edit_settings(&mut visit.visit.tx, &visit.scope, &edit).await {
        Ok(_) => visit.done("The settings are saved.", &address(&slug, "general")).await,
        Err(error @ Error::Stale { .. }) => again(visit, Filled::refused(form, error)?, true).await,
        Err(Error::Invalid { field, rule }) if field == "mcp_page_size" => {
            let error = Error::invalid("page_size", rule);
            again(visit, Filled::refused(form, error)?, false).await
        }
        Err(error) => again(visit, Filled::refused(form, error)?, false).await,
    }
}

/// Shows the form again. A stale one gets the present version, so that its next sending counts.
async fn again(
    visit: ProjectVisit,
    mut form: Filled<Form>,
    is_stale: bool,
) -> Result<Response, Trouble> {
    let mut visit = visit.again().await?;
    let settings = projects::settings(&mut visit.visit.tx, &visit.scope).await?;
    let mut differences = Vec::new();
    if is_stale {
        differences = form.values.differences(&settings);
        form.values.version = settings.version.to_string();
        form.refusal = Some(
            "Somebody saved these settings while you were writing. Nothing of yours is saved yet."
                .to_owned(),
        );
    }
    page(visit, settings, form, differences).await
}

async fn page(
    mut visit: ProjectVisit,
    settings: Settings,
    form: Filled<Form>,
    differences: Vec<Difference>,
) -> Answer {
    let members = projects::list_members(&mut visit.visit.tx, &visit.scope).await?;
    let person = person(&visit);
    let status = form.status();
    let page = GeneralPage {
        is_own: settings.owner_id == person,
        is_member: members.iter().any(|member| member.user_id == person),
        views: VIEWS.to_vec(),
        settings,
        form,
        differences,
        members,
    };
    visit.show_with(status, &page).await
}
