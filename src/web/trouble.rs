//! When a page cannot be shown: the way from a domain's refusal to an answer that says what to do.
//!
//! A handler gives a [`Trouble`]; [`explain`], around all handlers, makes of it a page inside the
//! frame for people and a small object for programs. A failure of ours is logged here, once, and
//! shows a reference instead of its cause.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::Web;
use super::frame::Frame;
use super::page::Page;
use super::sign_in;
use super::visitor::FrameSlot;
use crate::error::{Error, chain};

/// What a handler answers: a page, or why there is none.
pub(super) type Answer = Result<Response, Trouble>;

/// Why there is no page.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// Nobody is signed in; a page is asked for again afterwards.
    SignIn {
        /// The path to come back to.
        back_to: String,
    },
    /// Something that a page explains.
    Told(Box<Told>),
}

/// What an error page says.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    #[serde(serialize_with = "as_number")]
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) next: String,
    pub(super) reference: Option<String>,
    /// Seconds after which to come again.
    #[serde(skip)]
    pub(super) retry_after: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn as_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl Trouble {
    /// Something that is not here, or not for this person: the two look alike.
    pub(super) fn nothing_here() -> Self {
        Self::told(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing here",
            "The address is wrong, or what was here is gone or not yours to see.",
            "Check the address, or go on from your projects.",
        )
    }

    pub(super) fn told(
        status: StatusCode,
        code: &'static str,
        title: &str,
        text: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self::Told(Box::new(Told {
            status,
            code,
            title: title.to_owned(),
            text: text.into(),
            next: next.into(),
            reference: None,
            retry_after: None,
        }))
    }

    /// A failure of ours.
    pub(super) fn internal(source: &(dyn std::error::Error + 'static)) -> Self {
        let reference = Uuid::new_v4().simple().to_string()[..12].to_owned();
        tracing::error!(reference, error = %chain(source), "a page failed");
        Self::Told(Box::new(Told {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "internal",
            title: "Something went wrong on our side".to_owned(),
            text: "Nothing was changed.".to_owned(),
            next: "Try again; if it stays, give the reference to whoever runs this instance."
                .to_owned(),
            reference: Some(reference),
            retry_after: None,
        }))
    }

    /// Somebody who came too often, and may come again after so many seconds.
    pub(super) fn too_many(title: &str, seconds: u64) -> Self {
        Self::Told(Box::new(Told {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "rate_limited",
            title: title.to_owned(),
            text: "From your address there were too many within a minute.".to_owned(),
            next: format!("Wait {seconds} s, then try again."),
            reference: None,
            retry_after: Some(seconds),
        }))
    }

    /// The database does not answer: not the fault of what was asked.
    fn unavailable(source: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %chain(source), "the database does not answer");
        Self::later(
            "unavailable",
            "The database does not answer",
            "It is being restarted, or it is out of reach.",
        )
    }

    /// Too much is going on at once: the same request will do in a moment.
    fn busy(source: &(dyn std::error::Error + 'static)) -> Self {
        tracing::warn!(error = %chain(source), "a page gave way to others");
        Self::later("busy", "Too much is going on", "This gave way to others; nothing was changed.")
    }

    fn later(code: &'static str, title: &str, text: &str) -> Self {
        Self::Told(Box::new(Told {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code,
            title: title.to_owned(),
            text: text.to_owned(),
            next: "Try again in a few seconds.".to_owned(),
            reference: None,
            retry_after: Some(2),
        }))
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let status = status_of(&error);
        let title = match &error {
            Error::Internal(source) if is_unavailable(source.as_ref()) => {
                return Self::unavailable(source.as_ref());
            }
            Error::Internal(source) => return Self::internal(source.as_ref()),
            Error::Busy(source) => return Self::busy(source.as_ref()),
            Error::NotFound { .. } => return Self::nothing_here(),
            Error::Forbidden { .. } => "This is not yours to do",
            Error::Stale { .. } => "Somebody changed this meanwhile",
            _ => "This cannot be done now",
        };
        Self::told(
            status,
            error.code(),
            title,
            sentence(&error.to_string()),
            sentence(error.next()),
        )
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Error::from(error).into()
    }
}

/// The status that a domain's error has on this surface.
pub(super) fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::NotFound { .. } | Error::Scope { .. } => StatusCode::NOT_FOUND,
        Error::Forbidden { .. } => StatusCode::FORBIDDEN,
        Error::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Error::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Stale { .. }
        | Error::NotReady(_)
        | Error::Blocked { .. }
        | Error::Taken(_)
        | Error::LostClaim { .. } => StatusCode::CONFLICT,
    }
}

fn is_unavailable(source: &(dyn std::error::Error + 'static)) -> bool {
    matches!(
        source.downcast_ref::<sqlx::Error>(),
        Some(sqlx::Error::PoolClosed | sqlx::Error::Io(_))
    )
}

/// A domain's words as a sentence of a page.
pub(super) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let Some(first) = letters.next() else { return String::new() };
    let mut text: String = first.to_uppercase().chain(letters).collect();
    if !text.ends_with(['.', '!', '?', '…']) {
        text.push('.');
    }
    text
}

impl IntoResponse for Trouble {
    /// An answer without words, which [`explain`] finds and fills.
    fn into_response(self) -> Response {
        let mut response = match &self {
            Self::SignIn { .. } => StatusCode::UNAUTHORIZED.into_response(),
            Self::Told(told) => told.status.into_response(),
        };
        response.extensions_mut().insert(self);
        response
    }
}

/// Around every route of people: gives trouble its words, in the frame as far as it is known.
pub(super) async fn explain(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let slot = FrameSlot::default();
    request.extensions_mut().insert(slot.clone());
    let path = request.uri().path().to_owned();
    let wants_page = wants_page(request.headers());
    let is_read = request.method().is_safe();

    let mut response = next.run(request).await;
    let Some(trouble) = response.extensions_mut().remove::<Trouble>() else { return response };
    let mut told = match trouble {
        Trouble::SignIn { back_to } if wants_page && is_read => {
            Redirect::to(&sign_in::address(&back_to)).into_response()
        }
        Trouble::SignIn { .. } => {
            let told = Told {
                status: StatusCode::UNAUTHORIZED,
                code: "signed_out",
                title: "You are signed out".to_owned(),
                text: "Your session has ended, so nothing was changed.".to_owned(),
                next: "Sign in in another tab, then come back here and send it again.".to_owned(),
                reference: None,
                retry_after: None,
            };
            tell(&web, &slot, &path, wants_page, told)
        }
        Trouble::Told(told) => tell(&web, &slot, &path, wants_page, *told),
    };
    // What a browser is to keep or to forget holds also when there is no page.
    for cookie in response.headers().get_all(header::SET_COOKIE) {
        told.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    told
}

fn tell(web: &Web, slot: &FrameSlot, path: &str, wants_page: bool, told: Told) -> Response {
    let status = told.status;
    let retry_after = told.retry_after;
    let mut response = if wants_page {
        let frame = slot.get().unwrap_or_else(|| Frame::anonymous(path));
        match web.render(&frame, &TroublePage { trouble: told }) {
            Ok(page) => (status, page).into_response(),
            // Even the page of errors fails: plain words are left.
            Err(_) => (status, "something went wrong on our side").into_response(),
        }
    } else {
        let mut body = json!({ "code": told.code, "message": told.text, "next": told.next });
        if let Some(reference) = told.reference {
            body["reference"] = reference.into();
        }
        (status, axum::Json(body)).into_response()
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// True for a browser; a program that does not ask for a page gets an object.
fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/html"))
}

/// `layout/trouble.html`
#[derive(Serialize)]
struct TroublePage {
    trouble: Told,
}

impl Page for TroublePage {
    const TEMPLATE: &'static str = "layout/trouble.html";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domains_words_become_a_sentence() {
        assert_eq!(sentence("that takes the owner"), "That takes the owner.");
        assert_eq!(sentence("Really?"), "Really?");
        assert_eq!(sentence(""), "");
    }
}
