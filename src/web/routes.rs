//! The routes, in a form that can be listed: whoever adds one has it walked by the tests of access,
//! of foreign requests and of headers, which fail until they know how to call it.

use axum::Router;
use axum::handler::Handler;
use axum::routing;

use super::Web;

/// One route of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// `GET` or `POST`: a form has no other.
    pub method: &'static str,
    /// Its path, with the names of its parameters in braces.
    pub path: &'static str,
}

/// Routes, and their list.
#[derive(Debug, Default)]
pub(super) struct Routes {
    router: Router<Web>,
    listed: Vec<Listed>,
}

impl Routes {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A page. It changes nothing.
    pub(super) fn get<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: 'static,
    {
        self.router = self.router.route(path, routing::get(handler));
        self.listed.push(Listed { method: "GET", path });
        self
    }

    /// What a form is sent to.
    pub(super) fn post<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: 'static,
    {
        self.router = self.router.route(path, routing::post(handler));
        self.listed.push(Listed { method: "POST", path });
        self
    }

    /// These and others.
    pub(super) fn and(mut self, others: Self) -> Self {
        self.router = self.router.merge(others.router);
        self.listed.extend(others.listed);
        self
    }

    /// The routes themselves.
    pub(super) fn into_router(self) -> Router<Web> {
        self.router
    }

    /// The list, in the order of the paths.
    pub(super) fn into_list(mut self) -> Vec<Listed> {
        self.listed.sort_unstable_by_key(|route| (route.path, route.method));
        self.listed
    }
}
