//! Sign-in by a one-time link.

use reqwest::Method;
use tokio::task::JoinSet;

use super::{SESSION, key_of, link_for, who_is};
use crate::pages::visitor::{Visitor, with_form};
use crate::served::TestServer;

const REFUSED: &str = "/login?error=link";

#[tokio::test]
async fn a_link_is_looked_at_as_often_as_one_likes_and_signs_in_once() {
    let server = TestServer::start().await;
    server.world.user("ana").await;
    let link = link_for(&server, "ana").await;
    let browser = Visitor::stranger(&server.url());

    for _ in 0..3 {
        let seen = browser.get(&link).await;
        assert!(
            seen.page().contains(key_of(&link)) && seen.says("Sign in as ana"),
            "{}",
            seen.body
        );
        assert_eq!(seen.header("referrer-policy"), "strict-origin");
        browser.send(browser.request(Method::HEAD, &link)).await;
    }
    let arrived = browser.post("/login/local", &[("key", key_of(&link))]).await;

    assert_eq!((arrived.status.as_u16(), arrived.location().as_str()), (303, "/"));
    assert_eq!(who_is(&browser).await.as_deref(), Some("ana"));
    // Used up, for a look and for the button.
    let late = Visitor::stranger(&server.url());
    assert_eq!(late.get(&link).await.location(), REFUSED);
    assert_eq!(late.post("/login/local", &[("key", key_of(&link))]).await.location(), REFUSED);
    assert_eq!(late.cookie(SESSION), None);
    let login = late.get(REFUSED).await;
    assert!(login.says("used before or has expired"), "{}", login.body);
    assert!(login.says("nottario login-link"), "{}", login.body);
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_link_or_has_expired_signs_nobody_in() {
    let server = TestServer::start().await;
    let expired = link_for(&server, "admin").await;
    server.world.run("update sign_in_links set expires_at = now() - interval '1 second'").await;
    let browser = Visitor::stranger(&server.url());

    for (at, key) in
        ["", "x", &"A".repeat(43), &"é".repeat(20), key_of(&expired)].into_iter().enumerate()
    {
        let from = format!("203.0.113.{at}");
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("key", key).finish();
        let look = browser.request(Method::GET, &format!("/login/local?{query}"));
        let look = browser.send(look.header("x-forwarded-for", &from)).await;
        assert_eq!(look.location(), REFUSED, "{key}");
        let press = browser.request(Method::POST, "/login/local").header("x-forwarded-for", &from);
        let press = browser.send(with_form(press, &[("key", key)])).await;
        assert_eq!(press.location(), REFUSED, "{key}");
    }
    assert_eq!(browser.get("/login/local").await.location(), REFUSED);
    assert_eq!(browser.post("/login/local", &[]).await.location(), REFUSED);
    assert_eq!(browser.cookie(SESSION), None);
    assert_eq!(server.world.number("select count(*) from sessions").await, 0);
    server.stop().await;
}

#[tokio::test]
async fn of_many_who_press_the_button_at_once_one_gets_in() {
    let server = TestServer::start().await;
    let link = link_for(&server, "admin").await;
    let mut crowd = JoinSet::new();
    for at in 0..10 {
        let (browser, key) = (Visitor::stranger(&server.url()), key_of(&link).to_owned());
        crowd.spawn(async move {
            let request = browser
                .request(Method::POST, "/login/local")
                .header("x-forwarded-for", format!("203.0.113.{at}"));
            browser.send(with_form(request, &[("key", &key)])).await.location()
        });
    }
    let sent = crowd.join_all().await;
    assert_eq!(sent.iter().filter(|to| *to == "/").count(), 1, "{sent:?}");
    assert_eq!(sent.iter().filter(|to| *to == REFUSED).count(), 9, "{sent:?}");
    assert_eq!(server.world.number("select count(*) from sessions").await, 1);
    server.stop().await;
}

#[tokio::test]
async fn another_site_cannot_press_the_button() {
    let server = TestServer::start().await;
    let link = link_for(&server, "admin").await;
    let browser = Visitor::stranger(&server.url());

    let foreign =
        browser.request(Method::POST, "/login/local").header("sec-fetch-site", "cross-site");
    let refused = browser.send(with_form(foreign, &[("key", key_of(&link))])).await;
    assert_eq!(refused.status, 403);

    // An older browser says its origin only, and the page lets it.
    let own = browser.request(Method::POST, "/login/local").header("origin", server.url());
    let arrived = browser.send(with_form(own, &[("key", key_of(&link))])).await;
    assert_eq!(arrived.location(), "/");
    server.stop().await;
}

#[tokio::test]
async fn where_links_sign_people_in_github_does_not() {
    let server = TestServer::start().await;
    let browser = Visitor::stranger(&server.url());

    let login = browser.get("/login").await;
    assert!(login.says("nottario login-link") && !login.says("GitHub"), "{}", login.body);
    assert_eq!(browser.get("/auth/github").await.status, 404);
    assert_eq!(browser.get("/auth/github/callback?code=x&state=y").await.status, 404);
    server.stop().await;
}
