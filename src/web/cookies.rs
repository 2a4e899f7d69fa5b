//! The cookies: what a browser keeps for us, out of reach of scripts and of other sites.
//!
//! Every cookie is `HttpOnly` and `SameSite=Lax`; over https it is `Secure` and bound to this very
//! host by its name's prefix.

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use chrono::{TimeDelta, Utc};

use super::Web;
use crate::identity::{Sealable, SessionSecret, github, sessions};

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// The secret of the session.
    Session,
    /// What the last action has to say.
    Flash,
    /// A sign-in at GitHub that is under way.
    SignIn,
}

impl Kept {
    /// The prefix makes browsers refuse such a cookie from a sibling host, or without https.
    fn name(self, is_https: bool) -> &'static str {
        match (self, is_https) {
            (Self::Session, true) => "__Host-nottario_session",
            (Self::Session, false) => "nottario_session",
            (Self::Flash, true) => "__Host-nottario_flash",
            (Self::Flash, false) => "nottario_flash",
            (Self::SignIn, true) => "__Host-nottario_sign_in",
            (Self::SignIn, false) => "nottario_sign_in",
        }
    }
}

/// The secret of the session that a browser sends.
pub(super) fn session(web: &Web, jar: &CookieJar) -> Option<SessionSecret> {
    SessionSecret::parse(value(web, jar, Kept::Session)?).ok()
}

/// What a browser sends back, as it was sealed for this purpose.
pub(super) fn open<T: Sealable>(web: &Web, jar: &CookieJar, what: Kept) -> Option<T> {
    web.keys().unseal(value(web, jar, what)?, Utc::now())
}

/// Gives a browser its session.
pub(super) fn keep_session(web: &Web, secret: &SessionSecret, headers: &mut HeaderMap) {
    put(web, Kept::Session, secret.expose(), sessions::LONGEST, headers);
}

/// The sign-in at GitHub that a browser has begun, as it was sealed where it began.
pub(super) fn sign_in<'jar>(web: &Web, jar: &'jar CookieJar) -> Option<&'jar str> {
    value(web, jar, Kept::SignIn)
}

/// Gives a browser the sealed beginning of a sign-in at GitHub.
pub(super) fn keep_sign_in(web: &Web, sealed: &str, headers: &mut HeaderMap) {
    put(web, Kept::SignIn, sealed, github::LASTS, headers);
}

/// Gives a browser something sealed to keep.
pub(super) fn keep<T: Sealable>(web: &Web, what: Kept, content: &T, headers: &mut HeaderMap) {
    match web.keys().seal(content, Utc::now()) {
        Ok(sealed) => put(web, what, &sealed, T::LASTS, headers),
        Err(error) => tracing::error!(%error, "a cookie could not be sealed"),
    }
}

/// Lets a browser forget.
pub(super) fn forget(web: &Web, what: Kept, headers: &mut HeaderMap) {
    put(web, what, "", TimeDelta::zero(), headers);
}

fn value<'jar>(web: &Web, jar: &'jar CookieJar, what: Kept) -> Option<&'jar str> {
    let is_https = web.config().public_url.is_https();
    jar.get(what.name(is_https)).map(Cookie::value)
}

fn put(web: &Web, what: Kept, content: &str, lasts: TimeDelta, headers: &mut HeaderMap) {
    let is_https = web.config().public_url.is_https();
    let mut cookie = Cookie::build((what.name(is_https), content))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .build();
    // The age is written by hand: the crate's own clock type is not ours.
    if is_https {
        cookie.set_secure(true);
    }
    let text = format!("{cookie}; Max-Age={}", lasts.num_seconds());
    if let Ok(text) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, text);
    }
}
