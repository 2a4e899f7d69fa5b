//! Administering the instance, with real clicks.

use crate::chrome::with_browser;
use crate::site::Site;

#[test]
fn an_administrator_makes_another_and_takes_it_back() {
    with_browser("administration", || async {
        let site = Site::start().await;
        let ana = site.world.user("ana").await;
        for has_scripts in [true, false] {
            let (tab, anas) = (site.tab_of(&site.world.admin).await, site.tab_of(&ana).await);
            if !has_scripts {
                tab.without_scripts().await;
            }
            anas.goto("/admin/users").await;
            anas.sees("There is nothing here").await;

            tab.goto("/projects").await;
            tab.click("summary[aria-label^='You:']").await;
            tab.follow("a[href='/admin/users'].menu__item").await;
            tab.fill("#q", "an").await;
            tab.follow("main form[role='search'] button").await;
            tab.follow("a[aria-label='Manage ana']").await;
            tab.follow("main form button").await;
            tab.sees("ana is an administrator now.").await;
            anas.goto("/admin/users").await;
            anas.sees("People").await;

            tab.follow("a[aria-label='Manage ana']").await;
            tab.sees("Take administration from ana").await;
            tab.follow("main form button").await;
            tab.sees("ana is no administrator any more.").await;
            anas.goto("/admin/users").await;
            anas.sees("There is nothing here").await;
            tab.is_clean().await;
        }
        site.stop().await;
    });
}
