//! How often one may fail.

use reqwest::Method;

use super::{SESSION, SIGN_IN, get_from, key_of, link_for, through_github, who_is, with_github};
use crate::pages::visitor::{Visitor, with_form};
use crate::served::TestServer;

const OFFICE: &str = "203.0.113.7";

#[tokio::test]
async fn who_fails_too_often_has_to_wait_and_who_is_right_does_not() {
    let server = TestServer::start().await;
    let link = link_for(&server, "admin").await;
    let browser = Visitor::stranger(&server.url());
    let wrong = format!("/login/local?key={}", "A".repeat(43));

    for _ in 0..10 {
        assert_eq!(get_from(&browser, OFFICE, &wrong).await.location(), "/login?error=link");
    }
    let waits = get_from(&browser, OFFICE, &wrong).await;
    assert_eq!(waits.status, 429);
    let seconds: u64 = waits.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert!(waits.says("Too many failed sign-ins") && waits.says("Wait"), "{}", waits.body);
    let press = browser.request(Method::POST, "/login/local").header("x-forwarded-for", OFFICE);
    assert_eq!(browser.send(with_form(press, &[("key", "wrong")])).await.status, 429);

    // Others are not held back, and neither is who is right.
    assert_eq!(get_from(&browser, "203.0.113.8", &wrong).await.status, 303);
    assert_eq!(get_from(&browser, OFFICE, &link).await.status, 200);
    let right = browser.request(Method::POST, "/login/local").header("x-forwarded-for", OFFICE);
    let arrived = browser.send(with_form(right, &[("key", key_of(&link))])).await;
    assert_eq!(arrived.location(), "/");
    assert_eq!(who_is(&browser).await.as_deref(), Some("admin"));
    server.stop().await;
}

#[tokio::test]
async fn a_sign_in_at_github_that_has_to_wait_is_forgotten_like_every_other() {
    let (fake, server) = with_github().await;
    let browser = Visitor::stranger(&server.url());
    for _ in 0..10 {
        let refused = get_from(&browser, OFFICE, "/auth/github/callback?state=wrong").await;
        assert_eq!(refused.location(), "/login?error=state");
    }
    browser.get("/auth/github").await;
    assert!(browser.cookie(SIGN_IN).is_some());

    let waits = get_from(&browser, OFFICE, "/auth/github/callback?state=wrong").await;

    assert_eq!(waits.status, 429);
    assert_eq!((browser.cookie(SIGN_IN), browser.cookie(SESSION)), (None, None));
    let back = through_github(&fake, &browser, "/auth/github").await;
    assert_eq!(get_from(&browser, OFFICE, &back).await.location(), "/");
    server.stop().await;
}
