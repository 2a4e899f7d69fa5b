//! Signing in and out, with real clicks.

use crate::chrome::{Tab, with_browser};
use crate::fake_github::{Account, FakeGitHub};
use crate::site::Site;

/// Opens the menu of the person, and signs out there.
async fn sign_out(tab: &Tab) {
    tab.click("summary[aria-label^='You:']").await;
    tab.follow("form[action='/logout'] button").await;
    tab.sees("You are signed out.").await;
    tab.goto("/projects").await;
    assert_eq!(tab.path().await, "/login?next=%2Fprojects");
}

#[test]
fn the_operator_signs_in_by_the_printed_link_and_out_again() {
    with_browser("sign in by a link", || async {
        let site = Site::start().await;
        for has_scripts in [true, false] {
            let (tab, link) = (site.tab().await, site.link().await);
            if !has_scripts {
                tab.without_scripts().await;
            }
            tab.goto(&link).await;
            tab.sees("Sign in as admin").await;
            tab.is_clean().await;
            tab.follow("main form button").await;
            assert_eq!(tab.path().await, "/projects");
            sign_out(&tab).await;
            // Used up.
            tab.goto(&link).await;
            tab.sees("used before or has expired").await;
            tab.sees("nottario login-link").await;
        }
        site.stop().await;
    });
}

#[test]
fn a_person_signs_in_with_github_and_comes_back_to_where_it_was_going() {
    with_browser("sign in with GitHub", || async {
        // A picture from elsewhere than GitHub's own host would be refused by the page's policy.
        let ana = Account { avatar_url: serde_json::Value::Null, ..Account::new(101, "ana") };
        let fake = FakeGitHub::start(ana).await;
        let site = Site::with(&fake.settings(Some("acme"))).await;
        let tab = site.tab().await;

        tab.goto("/me/appearance").await;
        tab.follow("a[href^='/auth/github']").await;
        tab.sees("Only active members of the GitHub organisation acme").await;
        fake.joins(101, "acme", "active");
        tab.goto("/me/appearance").await;
        tab.follow("a[href^='/auth/github']").await;
        assert_eq!(tab.path().await, "/me/appearance");
        tab.is_clean().await;

        sign_out(&tab).await;
        site.stop().await;
    });
}
