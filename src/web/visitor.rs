//! Who opens a page, and what a handler does in that person's name.
//!
//! A handler that asks for a [`Visitor`] is not run for anybody who is not signed in. What it
//! reads and writes goes through a [`Visit`]: one transaction, begun after the request's body was
//! read, so that a slow sender holds no connection.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono::Utc;
use sqlx::{Postgres, Transaction};

use super::Web;
use super::cookies::{self, Kept};
use super::frame::{Destination, Flash, Frame, Place, Tone};
use super::page::Page;
use super::trouble::{Answer, Trouble};
use crate::access::{self, Caller, InstanceScope, ProjectScope, Standing};
use crate::error::{Result, chain};
use crate::identity::{SessionSecret, SignedIn, sessions};
use crate::projects;

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) signed_in: SignedIn,
    frame: Frame,
    slot: FrameSlot,
    has_flash: bool,
}

/// Where the frame of a request is kept for the page that explains trouble.
#[derive(Clone, Debug, Default)]
pub(super) struct FrameSlot(Arc<Mutex<Option<Frame>>>);

impl FrameSlot {
    pub(super) fn get(&self) -> Option<Frame> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, frame: Frame) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(frame);
    }
}

impl Visitor {
    /// The person as a caller of domain functions.
    pub(super) fn caller(&self) -> Caller {
        self.signed_in.caller()
    }

    /// The instance as a whole, for administrators; for others there is nothing here.
    pub(super) fn instance(&self) -> std::result::Result<InstanceScope, Trouble> {
        InstanceScope::of_admin(&self.caller()).map_err(|_| Trouble::nothing_here())
    }
}

impl FromRequestParts<Web> for Visitor {
    type Rejection = Trouble;

    async fn from_request_parts(
        parts: &mut Parts,
        web: &Web,
    ) -> std::result::Result<Self, Trouble> {
        let found = <Self as OptionalFromRequestParts<Web>>::from_request_parts(parts, web).await?;
        found.ok_or_else(|| {
            let back_to = parts.uri.path_and_query().map_or("/", |path| path.as_str());
            Trouble::SignIn { back_to: back_to.to_owned() }
        })
    }
}

impl OptionalFromRequestParts<Web> for Visitor {
    type Rejection = Trouble;

    async fn from_request_parts(
        parts: &mut Parts,
        web: &Web,
    ) -> std::result::Result<Option<Self>, Trouble> {
        let jar = CookieJar::from_headers(&parts.headers);
        let Some(secret) = cookies::session(web, &jar) else { return Ok(None) };
        let Some(signed_in) = authenticate(web, &secret).await? else { return Ok(None) };

        let flash: Option<Flash> = cookies::open(web, &jar, Kept::Flash);
        let has_flash = flash.is_some();
        let frame = Frame { flash, ..Frame::of(&signed_in, parts.uri.path()) };
        let slot = parts.extensions.get::<FrameSlot>().cloned().unwrap_or_default();
        slot.set(frame.clone());
        Ok(Some(Self { signed_in, frame, slot, has_flash }))
    }
}

async fn authenticate(web: &Web, secret: &SessionSecret) -> Result<Option<SignedIn>> {
    let now = Utc::now();
    let mut db = web.pool().acquire().await?;
    let found = sessions::authenticate(&mut db, web.keys(), secret, now).await?;
    if let Some(signed_in) = &found
        && signed_in.is_touch_due(now)
        && let Err(error) = sessions::touch(&mut db, signed_in, now).await
    {
        // Only the display of "last seen" suffers.
        tracing::warn!(error = %chain(&error), "could not note that a session was used");
    }
    Ok(found)
}

/// One transaction in a person's name, and the frame of the page it ends with.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) tx: Transaction<'static, Postgres>,
    pub(super) visitor: Visitor,
    web: Web,
}

/// A [`Visit`] inside a project that the person may see.
#[derive(Debug)]
pub(super) struct ProjectVisit {
    pub(super) visit: Visit,
    pub(super) scope: ProjectScope,
}

impl Web {
    /// Shows a page to whoever is there; `path` is the page's own.
    pub(super) async fn show_to<P: Page>(
        &self,
        visitor: Option<Visitor>,
        path: &str,
        page: &P,
    ) -> Answer {
        match visitor {
            Some(visitor) => self.visit(visitor).await?.show(page).await,
            None => Ok(self.render(&Frame::anonymous(path), page)?.into_response()),
        }
    }

    /// Begins a visit outside any project.
    pub(super) async fn visit(&self, visitor: Visitor) -> std::result::Result<Visit, Trouble> {
        let tx = self.pool().begin().await?;
        Ok(Visit { tx, visitor, web: self.clone() })
    }

    /// Begins a visit to a project; one that the person may not see does not exist.
    pub(super) async fn enter(
        &self,
        visitor: Visitor,
        slug: &str,
    ) -> std::result::Result<ProjectVisit, Trouble> {
        let mut visit = self.visit(visitor).await?;
        let scope = access::find(&mut visit.tx, &visit.visitor.caller(), slug).await?;
        let place = Place {
            slug: slug.to_owned(),
            key: scope.project_key().to_owned(),
            // The name comes with the projects to switch to, when there is a page to show.
            name: slug.to_owned(),
            is_archived: scope.is_archived(),
            is_owner: scope.standing() >= Standing::Owner,
        };
        visit.visitor.frame.project = Some(place);
        visit.visitor.slot.set(visit.visitor.frame.clone());
        Ok(ProjectVisit { visit, scope })
    }
}

impl Visit {
    /// Ends the visit without a change, with a page.
    pub(super) async fn show<P: Page>(self, page: &P) -> Answer {
        self.show_with(StatusCode::OK, page).await
    }

    /// Ends the visit without a change, with a page and a status.
    pub(super) async fn show_with<P: Page>(mut self, status: StatusCode, page: &P) -> Answer {
        let mut frame = self.visitor.frame.clone();
        let here = frame.project.as_ref().map(|here| here.slug.as_str());
        let projects = projects::switcher(&mut self.tx, &self.visitor.caller(), here).await?;
        self.tx.rollback().await?;
        if let Some(here) = &mut frame.project
            && let Some(listed) = projects.iter().find(|project| project.slug == here.slug)
        {
            here.name.clone_from(&listed.name);
        }
        frame.projects = projects.into_iter().map(Destination::from).collect();
        let page = self.web.render(&frame, page)?;
        let mut response = (status, page).into_response();
        if self.visitor.has_flash {
            cookies::forget(&self.web, Kept::Flash, response.headers_mut());
        }
        Ok(response)
    }

    /// Ends the visit with its changes, and sends the browser on with a sentence about them.
    pub(super) async fn done(self, text: impl Into<String>, to: &str) -> Answer {
        self.tx.commit().await?;
        self.web.relay().wake();
        let flash = Flash { tone: Tone::Done, text: text.into() };
        Ok(redirect_with(&self.web, &flash, to))
    }

    /// Ends the visit with its changes and a page that exists only now, such as a fresh secret.
    pub(super) async fn done_showing<P: Page>(self, page: &P) -> Answer {
        let Self { tx, visitor, web } = self;
        tx.commit().await?;
        web.relay().wake();
        web.visit(visitor).await?.show(page).await
    }

    /// Ends the visit without a change, and begins it again: after a refusal, to show the form.
    pub(super) async fn again(self) -> std::result::Result<Self, Trouble> {
        let Self { tx, visitor, web } = self;
        tx.rollback().await?;
        web.visit(visitor).await
    }
}

impl ProjectVisit {
    /// See [`Visit::show`].
    pub(super) async fn show<P: Page>(self, page: &P) -> Answer {
        self.visit.show(page).await
    }

    /// See [`Visit::show_with`].
    pub(super) async fn show_with<P: Page>(self, status: StatusCode, page: &P) -> Answer {
        self.visit.show_with(status, page).await
    }

    /// See [`Visit::done`].
    pub(super) async fn done(self, text: impl Into<String>, to: &str) -> Answer {
        self.visit.done(text, to).await
    }

    /// See [`Visit::done_showing`].
    pub(super) async fn done_showing<P: Page>(self, page: &P) -> Answer {
        self.visit.done_showing(page).await
    }

    /// See [`Visit::again`].
    pub(super) async fn again(self) -> std::result::Result<Self, Trouble> {
        Ok(Self { visit: self.visit.again().await?, scope: self.scope })
    }
}

/// A way on, with a sentence that the next page shows.
pub(super) fn redirect_with(web: &Web, flash: &Flash, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    cookies::keep(web, Kept::Flash, flash, response.headers_mut());
    response
}
