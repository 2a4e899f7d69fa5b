//! Where a person is signed in, and the way out of each.

use axum::extract::{Path, State};
use chrono::Utc;
use serde::Serialize;
use uuid::Uuid;

use crate::error::{Error, Kind};
use crate::identity::sessions::{self, Session};
use crate::ids::SessionId;
use crate::web::Web;
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::Answer;
use crate::web::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/me/sessions", show)
        .post("/me/sessions/{session}/end", end)
        .post("/me/sessions/end-others", end_others)
}

/// `own/sessions.html`
#[derive(Serialize)]
struct SessionsPage {
    sessions: Vec<Session>,
}

impl Page for SessionsPage {
    const TEMPLATE: &'static str = "own/sessions.html";
}

/// `GET /me/sessions`
async fn show(State(web): State<Web>, visitor: Visitor) -> Answer {
    let mut visit = web.visit(visitor).await?;
    let own = &visit.visitor.signed_in;
    let sessions = sessions::list(&mut visit.tx, own, Utc::now()).await?;
    visit.show(&SessionsPage { sessions }).await
}

/// `POST /me/sessions/{session}/end`: the person's own; the present one is ended by signing out.
async fn end(State(web): State<Web>, visitor: Visitor, Path(session): Path<String>) -> Answer {
    let id = Uuid::try_parse(&session)
        .map(SessionId::from)
        .map_err(|_| Error::not_found(Kind::Session, &session))?;
    let mut visit = web.visit(visitor).await?;
    sessions::close(&mut visit.tx, &visit.visitor.signed_in, id).await?;
    visit.done("That browser is signed out.", "/me/sessions").await
}

/// `POST /me/sessions/end-others`
async fn end_others(State(web): State<Web>, visitor: Visitor) -> Answer {
    let mut visit = web.visit(visitor).await?;
    let ended = sessions::close_all_others(&mut visit.tx, &visit.visitor.signed_in).await?;
    let text = match ended {
        0 => "No other browser was signed in.".to_owned(),
        1 => "One other browser is signed out.".to_owned(),
        many => format!("{many} other browsers are signed out."),
    };
    visit.done(text, "/me/sessions").await
}
