//! Signing in and out over HTTP: who gets in, every way not to, and what a browser is left with.

mod github;
mod limits;
mod local;
mod sessions;

use nottario::identity::github::Callback;
use nottario::identity::links::{self, Whom};
use reqwest::Method;
use reqwest::header::SET_COOKIE;

use super::visitor::{Seen, Visitor};
use crate::fake_github::{Account, FakeGitHub};
use crate::served::TestServer;
use crate::world::{OPERATOR, World};

const SESSION: &str = "nottario_session";
const SIGN_IN: &str = "nottario_sign_in";

fn ana() -> Account {
    Account::new(101, "ana")
}

/// An instance with GitHub, at whose browser `ana` sits.
async fn with_github() -> (FakeGitHub, TestServer) {
    let fake = FakeGitHub::start(ana()).await;
    let server = fake.server(None, &[]).await;
    (fake, server)
}

/// Begins a sign-in in this browser and goes through GitHub; gives the address it is sent back to.
async fn through_github(fake: &FakeGitHub, visitor: &Visitor, begin: &str) -> String {
    let sent = visitor.get(begin).await;
    assert_eq!(sent.status, 303, "{begin}: {}", sent.body);
    came_back(&fake.visit(&sent.location()).await)
}

/// The address at which GitHub sends a browser back.
fn came_back(callback: &Callback) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in
        [("code", &callback.code), ("state", &callback.state), ("error", &callback.error)]
    {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    format!("/auth/github/callback?{}", query.finish())
}

/// A whole sign-in of whoever is at the browser.
async fn sign_in(fake: &FakeGitHub, visitor: &Visitor) -> Seen {
    let back = through_github(fake, visitor, "/auth/github").await;
    visitor.get(&back).await
}

/// A fresh one-time link, as a path.
async fn link_for(server: &TestServer, login: &str) -> String {
    link_in(&server.world, login).await
}

/// A fresh one-time link of whatever server is on this database, as a path.
async fn link_in(world: &World, login: &str) -> String {
    let whom = Whom::Person(login.parse().unwrap());
    let mut db = world.db().await;
    let link = links::issue(&mut db, OPERATOR(), &whom, chrono::Utc::now()).await.unwrap();
    format!("/login/local?key={}", link.secret.expose())
}

/// What a link carries.
fn key_of(link: &str) -> &str {
    link.split_once("key=").unwrap().1
}

/// Who is signed in there; nobody, when the browser is sent to sign in.
async fn who_is(visitor: &Visitor) -> Option<String> {
    let seen = visitor.get("/me/profile").await;
    if seen.status == 303 {
        assert!(seen.location().starts_with("/login"), "{}", seen.location());
        return None;
    }
    let (_, rest) = seen.page().split_once("Signed in as <strong>").unwrap();
    Some(rest.split('<').next().unwrap().to_owned())
}

/// The same request from somewhere else on the network.
async fn get_from(visitor: &Visitor, address: &str, path: &str) -> Seen {
    let request = visitor.request(Method::GET, path).header("x-forwarded-for", address);
    visitor.send(request).await
}

/// The cookie of this name as the answer sets it, with its attributes.
fn cookie_of<'seen>(seen: &'seen Seen, name: &str) -> &'seen str {
    let cookies = seen.headers.get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap());
    let mut named = cookies.filter(|cookie| cookie.starts_with(&format!("{name}=")));
    let found = named.next().unwrap_or_else(|| panic!("no {name} in {:?}", seen.headers));
    assert_eq!(named.next(), None, "{name} is set twice");
    found
}
