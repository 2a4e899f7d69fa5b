//! From a new project to an agent that is connected and cut off again, with real clicks.

use nottario::identity::User;

use crate::chrome::{Tab, Theme, Width, with_browser};
use crate::pages::leave_picture;
use crate::site::Site;

/// The roles in the order in which they stand on the page.
const ORDER: &str =
    "[...document.querySelectorAll('[data-row] .pill')].map((one) => one.innerText).join(' ')";
const MAIN_BUTTON: &str = "main .button--primary";

#[test]
fn an_owner_sets_a_project_up_and_connects_an_agent() {
    with_browser("settings", || async {
        let site = Site::start().await;
        let mia = site.world.user("mia").await;
        let tab = site.tab_of(&site.world.admin).await;

        create(&tab).await;
        add_member(&tab, &mia).await;

        tab.follow(".side__link[href$=roles]").await;
        tab.drag("tr:nth-child(4) .grip", "tr:nth-child(2)").await;
        tab.sees("The order is saved.").await;
        assert_eq!(tab.ask(ORDER).await, "Backend Design Frontend QA");
        tab.follow("[aria-label='Move QA up']").await;
        assert_eq!(tab.ask(ORDER).await, "Backend Design QA Frontend");
        tab.is_clean().await;

        issue(&tab).await;
        is_fine_as_it_is(&tab, "issued").await;
        let secret = secret(&tab).await;
        tab.ask(
            "void (navigator.clipboard.writeText = async (text) => { window.__copied = text; })",
        )
        .await;
        tab.click("[data-copy=secret]").await;
        tab.sees("Copied").await;
        assert_eq!(tab.ask("window.__copied").await, secret.as_str());
        tab.click("details[name=client]:nth-of-type(5) > summary").await;
        tab.sees("bearer_token_env_var").await;
        // One is open at a time.
        assert!(!tab.text().await.contains("claude mcp add"));
        tab.is_clean().await;

        revoke(&tab, &secret).await;
        tab.is_clean().await;
        site.stop().await;
    });
}

#[test]
fn the_same_works_without_scripts() {
    with_browser("settings without scripts", || async {
        let site = Site::start().await;
        let mia = site.world.user("mia").await;
        let tab = site.tab_of(&site.world.admin).await;
        tab.without_scripts().await;

        create(&tab).await;
        add_member(&tab, &mia).await;

        tab.follow(".side__link[href$=roles]").await;
        assert_eq!(tab.ask("document.querySelector('.grip').hidden").await, true);
        tab.follow("[aria-label='Move QA up']").await;
        tab.sees("The order is saved.").await;
        assert_eq!(tab.ask(ORDER).await, "Backend QA Frontend Design");

        issue(&tab).await;
        let secret = secret(&tab).await;
        assert_eq!(tab.ask("document.querySelector('[data-copy]').hidden").await, true);
        revoke(&tab, &secret).await;

        tab.follow(".side__link[href$=general]").await;
        tab.fill("#name", "North").await;
        tab.follow(MAIN_BUTTON).await;
        tab.sees("The settings are saved.").await;
        site.stop().await;
    });
}

#[test]
fn a_form_that_is_wrong_or_late_keeps_what_was_typed() {
    with_browser("refused settings", || async {
        let site = Site::start().await;
        site.world.project("atlas").await;
        let (first, second) =
            (site.tab_of(&site.world.admin).await, site.tab_of(&site.world.admin).await);
        for tab in [&first, &second] {
            tab.goto("/p/atlas/settings/general").await;
        }

        first.fill("#cycle_label", "week").await;
        first.follow(MAIN_BUTTON).await;
        first.sees("The settings are saved.").await;
        first.fill("#lease_minutes", "soon").await;
        first.fill("#page_size", "1000000000000").await;
        first.follow(MAIN_BUTTON).await;
        first.sees("Nothing was saved yet.").await;
        // The reader stands at what is wrong.
        first.until("document.activeElement.hasAttribute('data-focus')").await;
        is_fine_as_it_is(&first, "refused").await;

        second.fill("#name", "Atlas of maps").await;
        second.follow(MAIN_BUTTON).await;
        second.sees("Somebody saved these settings while you were writing.").await;
        second.sees("What is saved now").await;
        is_fine_as_it_is(&second, "stale").await;
        second.follow(MAIN_BUTTON).await;
        second.sees("The settings are saved.").await;
        let name = "document.querySelector('#name').value";
        assert_eq!(second.ask(name).await, "Atlas of maps");
        site.stop().await;
    });
}

#[test]
fn texts_as_long_as_they_may_be_fit_every_page() {
    with_browser("long settings", || async {
        let site = Site::start().await;
        let atlas = site.world.project("atlas").await;
        let mia = site.world.member(&atlas, "mia", &["backend", "qa"]).await;
        atlas.agent_of(&mia.user, &"t".repeat(60)).await;
        site.world
            .run(
                "update projects set name = repeat('n', 100), description = repeat('d', 300), \
                     project_type = repeat('p', 60), cycle_label = repeat('c', 30);
                 update roles set label = repeat('r', 60), key = rpad(key, 30, 'k') \
                     where key in ('backend', 'qa');
                 update buckets set key = repeat('b', 30) where key = 'high';
                 update users set display_name = repeat('u', 100) where login = 'mia';
                 update tokens set default_role_id = \
                     (select id from roles where key like 'backend%' limit 1)",
            )
            .await;
        let role = site.world.text("select id::text from roles where key like 'backend%'").await;
        let bucket = "b".repeat(30);
        for person in [&site.world.admin, &mia.user] {
            let tab = site.tab_of(person).await;
            for page in ["general", "members", "roles", "priorities", "tokens"] {
                fits(&tab, page).await;
            }
        }
        let tab = site.tab_of(&site.world.admin).await;
        let member = format!("members/{}", mia.user.id);
        let (role, bucket) = (format!("roles/{role}"), format!("priorities/{bucket}"));
        for page in [&*member, &*role, &*format!("{role}/delete"), &*bucket, "general/delete"] {
            fits(&tab, page).await;
        }
        site.stop().await;
    });
}

async fn fits(tab: &Tab, page: &str) {
    for width in [Width::Desk, Width::Phone] {
        tab.appear(Theme::Light, width).await;
        tab.goto(&format!("/p/atlas/settings/{page}")).await;
        tab.ask("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
            .await;
        let name = page.split('/').next().unwrap();
        leave_picture(tab, &format!("long-{name}"), Theme::Light, width).await;
        tab.fits().await;
    }
}

/// The same as for every page, for one that only an action leads to.
async fn is_fine_as_it_is(tab: &Tab, name: &str) {
    for theme in [Theme::Light, Theme::Dark] {
        for width in [Width::Desk, Width::Phone] {
            tab.appear(theme, width).await;
            leave_picture(tab, name, theme, width).await;
            tab.fits().await;
            tab.is_accessible().await;
        }
    }
    tab.is_clean().await;
    tab.appear(Theme::Light, Width::Desk).await;
}

async fn create(tab: &Tab) {
    tab.goto("/projects/new").await;
    tab.fill("#name", "Compass").await;
    tab.follow(MAIN_BUTTON).await;
    tab.sees("Compass is ready.").await;
    assert_eq!(tab.path().await, "/p/compass/settings/tokens");
}

async fn add_member(tab: &Tab, person: &User) {
    tab.follow(".side__link[href$=members]").await;
    tab.fill("#login", "nobody").await;
    tab.click(".checks .check").await;
    tab.follow(MAIN_BUTTON).await;
    tab.sees("the person has to sign in once first").await;
    assert_eq!(tab.ask("document.querySelector('.checks input').checked").await, true);
    tab.fill("#login", &person.login).await;
    tab.follow(MAIN_BUTTON).await;
    tab.sees(&format!("{} is a member of the project.", person.login)).await;
}

async fn issue(tab: &Tab) {
    tab.follow(".side__link[href$=tokens]").await;
    tab.fill("#name", "laptop").await;
    tab.click(".choice:first-child").await;
    tab.follow(MAIN_BUTTON).await;
    tab.sees("Token laptop is issued").await;
}

async fn secret(tab: &Tab) -> String {
    let secret = tab.ask("document.getElementById('secret').innerText").await;
    let secret = secret.as_str().unwrap().to_owned();
    assert!(secret.starts_with("ntr_"), "{secret}");
    secret
}

async fn revoke(tab: &Tab, secret: &str) {
    tab.follow("main p > a.button").await;
    tab.sees("in 6 days").await;
    assert!(!tab.text().await.contains(secret));
    tab.click(".confirm > summary").await;
    tab.sees("what it holds goes back to the queue").await;
    tab.follow(".confirm button").await;
    tab.sees("The token is revoked").await;
    tab.sees("No agent is connected yet").await;
}
