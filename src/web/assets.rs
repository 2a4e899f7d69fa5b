//! Styles, scripts and pictures, under an address that names their content.
//!
//! All of them share one address that changes with any of them: scripts import each other by
//! relative paths, and so a page never mixes two versions. Under that address they may be kept
//! for ever.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use super::Web;
use super::routes::Routes;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Files;

/// The style sheet is one file made of these, in the order of their layers.
const LAYERS: [&str; 7] = ["reset", "tokens", "base", "layout", "components", "pages", "print"];
const STYLE_SHEET: &str = "app.css";

/// Names the files as they are now.
#[derive(Debug)]
pub(super) struct Assets {
    stamp: Arc<str>,
}

impl Assets {
    pub(super) fn new() -> Self {
        Self { stamp: stamp().into() }
    }

    /// Where the files are: `/assets/5f0c…`.
    pub(super) fn base(&self) -> String {
        format!("/assets/{}", self.current_stamp())
    }

    /// A development build looks again at each page.
    fn current_stamp(&self) -> Arc<str> {
        if cfg!(debug_assertions) { stamp().into() } else { Arc::clone(&self.stamp) }
    }
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/assets/{stamp}/{*path}", asset)
        .get("/favicon.ico", favicon)
        .get("/robots.txt", robots)
}

/// `GET /assets/{stamp}/{*path}`
async fn asset(
    State(web): State<Web>,
    Path((stamp, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some((content, kind)) = read(&path) else { return StatusCode::NOT_FOUND.into_response() };
    // A page of an older version still gets something that works, and does not keep it.
    let keep = if *stamp == *web.assets().current_stamp() {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    answer(content, &kind, keep, &headers)
}

/// `GET /favicon.ico`: asked for by browsers that did not look at the page's own icon.
async fn favicon(headers: HeaderMap) -> Response {
    match read("mark.svg") {
        Some((content, kind)) => answer(content, &kind, "public, max-age=86400", &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /robots.txt`: nothing here is for search engines.
async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /\n"
}

fn answer(content: Vec<u8>, kind: &str, keep: &'static str, asked: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", &hex(&Sha256::digest(&content))[..32]);
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if is_known(asked, &tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    (headers, content).into_response()
}

/// Compared weakly: whoever compresses on the way marks the tag so.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag)
}

fn read(path: &str) -> Option<(Vec<u8>, String)> {
    if path == STYLE_SHEET {
        return Some((style_sheet(), "text/css; charset=utf-8".to_owned()));
    }
    let file = Files::get(path)?;
    let mut kind = file.metadata.mimetype().to_owned();
    if kind.starts_with("text/") {
        kind.push_str("; charset=utf-8");
    }
    Some((file.data.into_owned(), kind))
}

fn style_sheet() -> Vec<u8> {
    let names = LAYERS.map(|layer| format!("css/{layer}.css"));
    names.iter().filter_map(|name| Files::get(name)).flat_map(|file| file.data.to_vec()).collect()
}

/// A digest of every file's name and content.
fn stamp() -> String {
    let mut names: Vec<_> = Files::iter().collect();
    names.sort_unstable();
    let mut digest = Sha256::new();
    for name in names {
        digest.update(name.as_bytes());
        if let Some(file) = Files::get(&name) {
            digest.update(file.metadata.sha256_hash());
        }
    }
    hex(&digest.finalize())[..16].to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_of_the_style_sheet_is_there_and_none_is_forgotten() {
        let mut written: Vec<_> = Files::iter()
            .filter_map(|name| Some(name.strip_prefix("css/")?.strip_suffix(".css")?.to_owned()))
            .collect();
        let mut listed = LAYERS.map(str::to_owned).to_vec();
        written.sort_unstable();
        listed.sort_unstable();
        assert_eq!(written, listed);
    }

    #[test]
    fn a_tag_is_known_whatever_was_done_to_it_on_the_way() {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"x\", W/\"abc\""));
        assert!(is_known(&headers, "\"abc\""));
        assert!(!is_known(&headers, "\"ab\""));
    }
}
