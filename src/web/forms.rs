//! Forms: what was typed is kept until it is right, and every message stands at its field.
//!
//! A form is a struct of the texts as they were typed. Reading it gives typed input or all the
//! fields that are wrong, and the same struct fills the form again.

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum_extra::extract::Form;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::trouble::{Trouble, sentence, status_of};
use crate::error::Error;

/// What the query of an address asks for. Links are cut and mended on their way to us, and a page
/// needs none of it: what cannot be read was not asked.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned + Default, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Query::try_from_uri(&parts.uri).map(|Query(asked)| asked).unwrap_or_default()))
    }
}

/// The body of a form. A body that no form of ours could have sent is refused.
#[derive(Debug)]
pub(super) struct Posted<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Posted<T> {
    type Rejection = Trouble;

    async fn from_request(request: Request, state: &S) -> Result<Self, Trouble> {
        match Form::from_request(request, state).await {
            Ok(Form(form)) => Ok(Self(form)),
            Err(rejection) => {
                let status = match axum::response::IntoResponse::into_response(rejection).status() {
                    StatusCode::PAYLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
                    StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    _ => StatusCode::BAD_REQUEST,
                };
                let text = match status {
                    StatusCode::PAYLOAD_TOO_LARGE => "What was sent is too large.",
                    StatusCode::UNSUPPORTED_MEDIA_TYPE => "This address takes forms only.",
                    _ => "The form has fields that do not belong to it, or lacks some.",
                };
                let next = "Open the page again and send the form from there.";
                Err(Trouble::told(status, "bad_request", "This form cannot be read", text, next))
            }
        }
    }
}

/// A form on a page: what is in its fields, and what is wrong with them.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Filled<T> {
    /// The texts in the fields.
    pub(super) values: T,
    /// What is wrong, by field.
    pub(super) errors: BTreeMap<String, String>,
    /// What is wrong with the whole.
    pub(super) refusal: Option<String>,
    #[serde(skip)]
    status: StatusCode,
}

impl<T> Filled<T> {
    /// A form as it is first shown.
    pub(super) fn fresh(values: T) -> Self {
        Self { values, errors: BTreeMap::new(), refusal: None, status: StatusCode::OK }
    }

    /// The form again, after something in it was wrong.
    pub(super) fn wrong(values: T, wrong: Wrong) -> Self {
        Self { values, errors: wrong.0, refusal: None, status: StatusCode::UNPROCESSABLE_ENTITY }
    }

    /// The form again, after the domain has refused it. A failure of ours, and a thing that is not
    /// there, are no fault of the form, and come back.
    pub(super) fn refused(values: T, error: Error) -> Result<Self, Trouble> {
        let status = status_of(&error);
        match error {
            Error::Internal(_)
            | Error::Busy(_)
            | Error::NotFound { .. }
            | Error::Forbidden { .. } => Err(error.into()),
            Error::Invalid { field, rule } => {
                let mut wrong = Wrong::default();
                wrong.note(&field, &rule);
                Ok(Self::wrong(values, wrong))
            }
            other => {
                let words = format!("{} {}", sentence(&other.to_string()), sentence(other.next()));
                Ok(Self { values, errors: BTreeMap::new(), refusal: Some(words), status })
            }
        }
    }

    /// The status of the page that shows it.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

/// The fields that are wrong, each with what it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wrong(BTreeMap<String, String>);

impl Wrong {
    /// Notes what a field should be.
    pub(super) fn note(&mut self, field: &str, rule: &str) {
        self.0.entry(field.to_owned()).or_insert_with(|| sentence(rule));
    }

    /// Notes a field that could not be read, and gives one that could.
    pub(super) fn read<T>(&mut self, field: &str, read: Result<T, String>) -> Option<T> {
        read.map_err(|rule| self.note(field, &rule)).ok()
    }

    /// The whole, when every field could be read.
    pub(super) fn unless<T>(self, whole: Option<T>) -> Result<T, Self> {
        match whole {
            Some(whole) if self.0.is_empty() => Ok(whole),
            _ => Err(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn every_wrong_field_is_told_at_once_and_each_once() {
        let mut wrong = Wrong::default();
        let name = wrong.read("name", Err::<u8, _>("must not be empty".to_owned()));
        let size = wrong.read("size", Ok(3));
        wrong.note("name", "a second complaint");
        let whole = name.zip(size);
        let wrong = wrong.unless(whole).unwrap_err();

        let form = Filled::wrong((), wrong);
        assert_eq!(form.errors["name"], "Must not be empty.");
        assert_eq!(form.errors.len(), 1);
        assert_eq!(form.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }

    #[test]
    fn a_domains_complaint_stands_at_its_field_and_other_refusals_above_the_form() {
        let at_field = Filled::refused((), Error::invalid("key", "is taken")).unwrap();
        assert_eq!(at_field.errors["key"], "Is taken.");

        let above = Filled::refused((), Error::taken("NOT-1 is held", "take another")).unwrap();
        assert_eq!(above.refusal.as_deref(), Some("NOT-1 is held. Take another."));
        assert_eq!(above.status(), StatusCode::CONFLICT);

        assert!(Filled::refused((), Error::not_found(Kind::Role, "x")).is_err());
    }
}
