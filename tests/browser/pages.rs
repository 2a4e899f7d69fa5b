//! Every page, in both themes and on both widths: within its policy, accessible, and never wider
//! than the window.
//!
//! With `NOTTARIO_PICTURES` naming a folder, a picture of each is left there.

use std::path::PathBuf;

use crate::chrome::{Theme, Width, with_browser};
use crate::site::Site;

/// The pages of an instance with one project, `atlas`, as its administrator sees them.
const PAGES: &[&str] = &[
    "/projects",
    "/projects/new",
    "/me/profile",
    "/me/appearance",
    "/me/sessions",
    "/me/tokens",
    "/nowhere",
];

#[test]
fn every_page_is_clean_accessible_and_fits() {
    with_browser("pages", || async {
        let site = Site::start().await;
        let atlas = site.world.project("atlas").await;
        site.world.project("borealis").await;
        atlas.agent("laptop").await;
        let tab = site.tab_of(&site.world.admin).await;
        for path in PAGES {
            for theme in [Theme::Light, Theme::Dark] {
                for width in [Width::Desk, Width::Phone] {
                    tab.appear(theme, width).await;
                    tab.goto(path).await;
                    if let Some(folder) = std::env::var_os("NOTTARIO_PICTURES") {
                        let name = path.trim_matches('/').replace('/', "-");
                        let file = format!("{name}-{theme:?}-{width:?}.png").to_lowercase();
                        std::fs::create_dir_all(&folder).unwrap();
                        std::fs::write(PathBuf::from(folder).join(file), tab.picture().await)
                            .unwrap();
                    }
                    tab.is_clean().await;
                    tab.fits().await;
                    tab.is_accessible().await;
                }
            }
        }
        site.stop().await;
    });
}

#[test]
fn the_checks_find_what_is_wrong_with_a_page() {
    with_browser("checks", || async {
        let site = Site::start().await;
        let tab = site.tab_of(&site.world.admin).await;
        tab.goto("/projects/new").await;
        tab.ask("document.querySelector('label').remove()").await;
        tab.ask("document.body.setAttribute('style', 'min-width: 5000px')").await;
        tab.ask("document.querySelector('.page').style.color = '#fff'").await;

        let barriers = tab.barriers().await;
        assert!(barriers.contains("label") && barriers.contains("color-contrast"), "{barriers}");
        tab.until("window.__refused.length === 1").await;
        site.stop().await;
    });
}
