//! What a browser is left with: its cookies, and the end of them.

use super::{
    SESSION, SIGN_IN, ana, cookie_of, key_of, link_for, link_in, sign_in, through_github, who_is,
    with_github,
};
use crate::cluster;
use crate::fake_github::{Account, FakeGitHub};
use crate::pages::visitor::Visitor;
use crate::served::TestServer;
use crate::server::Server;
use crate::world::World;

/// The attributes behind a cookie's value.
fn attributes(cookie: &str) -> Vec<&str> {
    cookie.split("; ").skip(1).collect()
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_of_other_sites() {
    let (fake, server) = with_github().await;
    let browser = Visitor::stranger(&server.url());
    let begun = browser.get("/auth/github").await;
    let back = super::came_back(&fake.visit(&begun.location()).await);
    let arrived = browser.get(&back).await;
    let left = browser.post("/logout", &[]).await;

    let always = ["HttpOnly", "SameSite=Lax", "Path=/"];
    let with_age = |age| [&always[..], &[age]].concat();
    assert_eq!(attributes(cookie_of(&begun, SIGN_IN)), with_age("Max-Age=600"));
    assert_eq!(attributes(cookie_of(&arrived, SIGN_IN)), with_age("Max-Age=0"));
    // Sixty days, the longest that a session lasts.
    assert_eq!(attributes(cookie_of(&arrived, SESSION)), with_age("Max-Age=5184000"));
    assert_eq!(attributes(cookie_of(&left, SESSION)), with_age("Max-Age=0"));
    server.stop().await;
}

#[tokio::test]
async fn over_https_cookies_are_secure_and_bound_to_the_host() {
    let fake = FakeGitHub::start(ana()).await;
    let settings = [("PUBLIC_URL", "https://tasks.example.org"), ("HTTP_ADDR", "127.0.0.1:0")];
    let server = fake.server(None, &settings).await;
    let browser = Visitor::stranger(&server.listens_at());
    let begun = browser.get("/auth/github").await;
    let back = super::came_back(&fake.visit(&begun.location()).await);
    let arrived = browser.get(&back).await;
    let left = browser.post("/logout", &[]).await;

    for (seen, name) in [
        (&begun, "__Host-nottario_sign_in"),
        (&arrived, "__Host-nottario_sign_in"),
        (&arrived, "__Host-nottario_session"),
        (&left, "__Host-nottario_session"),
    ] {
        let cookie = cookie_of(seen, name);
        let attributes = attributes(cookie);
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(attributes.contains(&attribute), "{cookie}");
        }
        // A domain would undo what the prefix promises.
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(arrived.location(), "/");
    server.stop().await;
}

#[tokio::test]
async fn who_signs_in_again_gets_another_session_and_the_former_ends() {
    let (fake, server) = with_github().await;
    let browser = Visitor::stranger(&server.url());
    sign_in(&fake, &browser).await;
    let first = browser.cookie(SESSION).unwrap();
    let elsewhere = Visitor::stranger(&server.url());
    sign_in(&fake, &elsewhere).await;

    fake.sits_down(Account::new(102, "ben"));
    sign_in(&fake, &browser).await;

    assert_eq!(who_is(&browser).await.as_deref(), Some("ben"));
    assert_ne!(browser.cookie(SESSION).unwrap(), first);
    assert_eq!(who_is(&Visitor::with_session(&server.url(), &first)).await, None);
    assert_eq!(who_is(&elsewhere).await.as_deref(), Some("ana"), "another browser goes on");
    server.stop().await;
}

#[tokio::test]
async fn a_session_that_a_stranger_planted_is_not_taken_over() {
    let (fake, server) = with_github().await;
    let planted = "A".repeat(43);
    let browser = Visitor::with_session(&server.url(), &planted);
    sign_in(&fake, &browser).await;
    assert_eq!(who_is(&browser).await.as_deref(), Some("ana"));
    assert_ne!(browser.cookie(SESSION).unwrap(), planted);
    assert_eq!(who_is(&Visitor::with_session(&server.url(), &planted)).await, None);
    server.stop().await;
}

#[tokio::test]
async fn who_signs_out_is_out_at_once_and_everywhere_that_cookie_is() {
    let server = TestServer::start().await;
    let link = link_for(&server, "admin").await;
    let browser = Visitor::stranger(&server.url());
    browser.post("/login/local", &[("key", key_of(&link))]).await;
    let copy = Visitor::with_session(&server.url(), &browser.cookie(SESSION).unwrap());
    assert_eq!(who_is(&copy).await.as_deref(), Some("admin"));

    let login = browser.does("/logout", &[]).await;

    assert!(login.says("You are signed out."), "{}", login.body);
    assert_eq!(browser.cookie(SESSION), None);
    assert_eq!(who_is(&copy).await, None);
    let late = copy.post("/me/appearance", &[("theme", "dark"), ("density", "compact")]).await;
    assert_eq!(late.status, 401);
    assert_eq!(server.world.number("select count(*) from sessions").await, 0);
    // Once more, as from a page that was still open.
    assert_eq!(browser.post("/logout", &[]).await.location(), "/login?signed_out");
    server.stop().await;
}

#[tokio::test]
async fn nobody_is_signed_out_by_a_look_or_by_another_site() {
    let server = TestServer::start().await;
    let admin = crate::pages::scene::visitor(&server, &server.world.admin).await;

    assert_eq!(admin.get("/logout").await.status, 405);
    let foreign = admin.request(reqwest::Method::POST, "/logout");
    let refused = admin.send(foreign.header("sec-fetch-site", "cross-site")).await;

    assert_eq!(refused.status, 403);
    assert_eq!(who_is(&admin).await.as_deref(), Some("admin"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_sign_in_is_logged() {
    let fake = FakeGitHub::start(ana()).await;
    let (world, local_world) = (World::new().await, World::new().await);
    let config = fake.config(None);
    let (url, local_url) = (world.database_url(), local_world.database_url());
    let log_all = ("RUST_LOG", "trace");
    let github = [
        ("DATABASE_URL", url.as_str()),
        ("GITHUB_OAUTH_CLIENT_ID", config.client_id.as_str()),
        ("GITHUB_OAUTH_CLIENT_SECRET", config.client_secret.expose().as_str()),
        ("GITHUB_URL", config.url.as_str()),
        log_all,
    ];
    let folder = cluster::scratch_folder();
    let key_folder = ("NOTTARIO_DATA_DIR", folder.path().to_str().unwrap());
    let start = |environment: &[(&str, &str)]| {
        tokio::task::block_in_place(|| Server::start(&[environment, &[key_folder]].concat()))
    };
    let mut server = start(&github);
    let mut local = start(&[("DATABASE_URL", local_url.as_str()), log_all]);
    let (browser, other) = (Visitor::stranger(&server.url), Visitor::stranger(&local.url));

    let back = through_github(&fake, &browser, "/auth/github").await;
    let mut secrets = vec![browser.cookie(SIGN_IN).unwrap()];
    browser.get(&back).await;
    browser.get(&back).await;
    secrets.push(browser.cookie(SESSION).unwrap());
    secrets.extend(fake.passed());
    let (_, state) = back.split_once("state=").unwrap();
    secrets.push(state.split('&').next().unwrap().to_owned());
    let link = link_in(&local_world, "admin").await;
    secrets.push(key_of(&link).to_owned());
    for _ in 0..2 {
        other.get(&link).await;
        other.post("/login/local", &[("key", key_of(&link))]).await;
    }
    secrets.push(other.cookie(SESSION).unwrap());
    let said = tokio::task::block_in_place(|| {
        assert!(server.terminate().success() && local.terminate().success());
        [server.rest_of_log(), local.rest_of_log()].concat()
    });

    let said = said.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for expected in ["a sign-in was refused", "/auth/github/callback", "/login/local"] {
        assert!(said.contains(expected), "{expected} is not in the log:\n{said}");
    }
    for secret in secrets {
        assert!(!said.contains(&secret), "{secret} is in the log:\n{said}");
    }
}
