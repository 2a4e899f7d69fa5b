//! A person at its own pages, with scripts and without.

use crate::chrome::with_browser;
use crate::site::Site;

#[test]
fn a_person_chooses_the_dark_and_every_browser_is_dark() {
    with_browser("appearance", || async {
        let site = Site::start().await;
        let (tab, other) =
            (site.tab_of(&site.world.admin).await, site.tab_of(&site.world.admin).await);
        tab.goto("/projects").await;
        tab.click("summary[aria-label^='You']").await;
        tab.follow("a[href='/me/appearance']").await;
        tab.click("input[value=dark] + .choice__face").await;
        tab.follow("button.button--primary").await;
        tab.sees("Every browser you use looks like this now.").await;

        other.goto("/projects").await;
        other.until("getComputedStyle(document.body.parentElement).colorScheme === 'dark'").await;
        other.is_clean().await;
        site.stop().await;
    });
}

#[test]
fn without_scripts_menus_open_and_forms_are_sent() {
    with_browser("own pages without scripts", || async {
        let site = Site::start().await;
        let tab = site.tab_of(&site.world.admin).await;
        tab.without_scripts().await;
        tab.goto("/projects").await;
        tab.click("summary[aria-label^='You']").await;
        tab.follow("a[href='/me/appearance']").await;
        tab.click("input[value=compact] + .choice__face").await;
        tab.follow("button.button--primary").await;
        tab.sees("Every browser you use looks like this now.").await;
        tab.until("document.documentElement.dataset.density === 'compact'").await;
        site.stop().await;
    });
}

#[test]
fn a_menu_is_worked_with_the_keyboard_and_gives_the_focus_back() {
    with_browser("menus", || async {
        let site = Site::start().await;
        site.world.project("atlas").await;
        let tab = site.tab_of(&site.world.admin).await;
        tab.goto("/projects").await;
        tab.ask("document.querySelector('.bar summary').focus()").await;
        tab.press("Enter").await;
        tab.until("document.querySelector('.bar details').open").await;
        tab.press("ArrowDown").await;
        tab.until("document.activeElement.textContent.includes('atlas')").await;
        tab.press("Escape").await;
        tab.until("!document.querySelector('.bar details').open").await;
        tab.until("document.activeElement.matches('.bar summary')").await;
        site.stop().await;
    });
}

#[test]
fn after_a_refusal_the_reader_stands_at_what_is_wrong_and_nothing_typed_is_lost() {
    with_browser("a refused form", || async {
        let site = Site::start().await;
        site.world.project("atlas").await;
        let tab = site.tab_of(&site.world.admin).await;
        tab.goto("/projects/new").await;
        tab.fill("#name", "Atlas & <friends>").await;
        tab.fill("#key", "ATL").await;
        tab.follow("button.button--primary").await;
        tab.sees("Nothing was saved yet.").await;
        tab.until("document.activeElement.matches('[role=alert]')").await;
        tab.until("document.querySelector('#name').value === 'Atlas & <friends>'").await;
        tab.is_clean().await;
        tab.is_accessible().await;
        site.stop().await;
    });
}
