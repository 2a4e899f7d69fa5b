//! A browser, as far as HTTP goes: it keeps its cookies, and follows nothing by itself.

use std::collections::BTreeMap;
use std::sync::Mutex;

use reqwest::header::{HeaderMap, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, StatusCode, redirect};

/// Somebody's browser.
pub(crate) struct Visitor {
    http: Client,
    base: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// What a visitor got.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Visitor {
    /// A browser without any cookie.
    pub(crate) fn stranger(base: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { http, base: base.to_owned(), cookies: Mutex::default() }
    }

    /// A browser that has a session.
    pub(crate) fn with_session(base: &str, secret: &str) -> Self {
        let visitor = Self::stranger(base);
        visitor.keep("nottario_session", secret);
        visitor
    }

    /// Puts a cookie into the browser.
    pub(crate) fn keep(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// A cookie that the browser has.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// A request as this browser would send it, from a page of ours.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<_> = self
            .cookies
            .lock()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .header("accept", "text/html,application/xhtml+xml");
        if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) }
    }

    /// Opens a page.
    pub(crate) async fn get(&self, path: &str) -> Seen {
        self.send(self.request(Method::GET, path)).await
    }

    /// Sends a form.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let request = self.request(Method::POST, path).header("sec-fetch-site", "same-origin");
        self.send(with_form(request, fields)).await
    }

    /// Sends a form that is to be taken, and opens the page that it leads to.
    pub(crate) async fn does(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let sent = self.post(path, fields).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{path} {fields:?}: {}", sent.body);
        self.get(&sent.location()).await
    }

    /// Sends a request, and keeps the cookies of the answer.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Seen {
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.lock().unwrap().remove(name);
            } else {
                self.keep(name, value);
            }
        }
        let (status, headers) = (response.status(), response.headers().clone());
        Seen { status, headers, body: response.text().await.unwrap() }
    }
}

/// A request with a form in its body.
pub(crate) fn with_form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

impl Seen {
    /// A header's text; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where the browser is sent.
    pub(crate) fn location(&self) -> String {
        self.header("location").to_owned()
    }

    /// Whether the page says something, whatever marks stand between its words.
    pub(crate) fn says(&self, words: &str) -> bool {
        let mut text = String::new();
        let mut is_mark = false;
        for letter in self.body.chars() {
            match letter {
                '<' => is_mark = true,
                '>' => is_mark = false,
                _ if !is_mark => text.push(letter),
                _ => {}
            }
        }
        let text = text.replace("&#39;", "'").replace("&quot;", "\"").replace("&amp;", "&");
        text.split_whitespace().collect::<Vec<_>>().join(" ").contains(words)
    }

    /// The page, when it is one.
    pub(crate) fn page(&self) -> &str {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        &self.body
    }
}
