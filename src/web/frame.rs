//! What is around a page: the bar on top, who is here, and in which project.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::identity::{Density, Sealable, SignedIn, Theme};
use crate::projects;

/// The frame around one page.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Frame {
    /// The path of the page, by which the bar knows where it is.
    pub(super) path: String,
    /// Who is here; nobody on the sign-in page.
    pub(super) person: Option<Person>,
    /// The project that the page belongs to.
    pub(super) project: Option<Place>,
    /// The projects to switch to.
    pub(super) projects: Vec<Destination>,
    /// What the last action has to say.
    pub(super) flash: Option<Flash>,
    pub(super) theme: Theme,
    pub(super) density: Density,
    /// Where styles and scripts are.
    pub(super) assets: String,
    /// The version of the server.
    pub(super) version: &'static str,
}

/// A person, as pages show one.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Person {
    pub(super) login: String,
    pub(super) display_name: String,
    pub(super) avatar_url: Option<String>,
    pub(super) is_admin: bool,
}

/// A project, as the bar shows one.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Place {
    pub(super) slug: String,
    pub(super) key: String,
    pub(super) name: String,
    pub(super) is_archived: bool,
    /// Whether the person may change the project's settings.
    pub(super) is_owner: bool,
}

/// A project to switch to.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Destination {
    pub(super) slug: String,
    pub(super) key: String,
    pub(super) name: String,
}

/// A sentence that is shown once, on the page after an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flash {
    pub(super) tone: Tone,
    pub(super) text: String,
}

/// Whether something went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tone {
    Done,
    Refused,
}

impl Frame {
    /// The frame for somebody who is signed in.
    pub(super) fn of(signed_in: &SignedIn, path: &str) -> Self {
        let user = signed_in.user();
        let preferences = signed_in.preferences();
        Self {
            path: path.to_owned(),
            person: Some(Person {
                login: user.login.clone(),
                display_name: user.display_name.clone(),
                avatar_url: user.avatar_url.clone(),
                is_admin: user.is_admin,
            }),
            theme: preferences.theme,
            density: preferences.density,
            ..Self::anonymous(path)
        }
    }

    /// The frame for nobody in particular.
    pub(super) fn anonymous(path: &str) -> Self {
        Self { path: path.to_owned(), version: env!("CARGO_PKG_VERSION"), ..Self::default() }
    }
}

impl From<projects::Destination> for Destination {
    fn from(project: projects::Destination) -> Self {
        Self { slug: project.slug, key: project.key, name: project.name }
    }
}

impl Sealable for Flash {
    const PURPOSE: &'static str = "flash";
    /// The next page is there long before.
    const LASTS: TimeDelta = TimeDelta::minutes(1);
}
