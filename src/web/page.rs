//! A page: a template, what it shows, and the headers that every page has.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use super::Web;
use super::frame::Frame;
use super::trouble::Trouble;

/// What a template shows. The fields are its names, beside `frame`.
pub(super) trait Page: Serialize {
    /// The template, below `templates/`.
    const TEMPLATE: &'static str;
}

/// A rendered page with its policy.
#[derive(Debug)]
pub(super) struct Rendered {
    html: String,
    policy: HeaderValue,
}

impl IntoResponse for Rendered {
    fn into_response(self) -> Response {
        let mut response = Html(self.html).into_response();
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, self.policy);
        // One address answers with pages and, to programs, with objects.
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept, Cookie"));
        response
    }
}

impl Web {
    /// Renders a page inside a frame.
    pub(super) fn render<P: Page>(&self, frame: &Frame, page: &P) -> Result<Rendered, Trouble> {
        let assets = self.assets().base();
        let frame = Frame { assets, ..frame.clone() };
        let context = context! { frame => Serde(frame), ..Serde(page) };
        let html = self
            .templates()
            .render(P::TEMPLATE, context)
            .map_err(|error| Trouble::internal(&error))?;
        Ok(Rendered { html, policy: self.page_policy() })
    }
}
