//! Who is let in, and what the others learn: nothing.

use std::collections::BTreeSet;

use reqwest::StatusCode;

use super::recipes::{Door, RECIPES, Recipe};
use super::scene::{MARKER, Scene, Whose};
use super::visitor::Seen;

/// An answer without the name that it answers to, so that answers to different names can be
/// compared.
fn without(seen: &Seen, name: &str) -> String {
    format!("{} {} {}", seen.status, seen.location(), seen.body).replace(name, "<name>")
}

fn reads() -> impl Iterator<Item = &'static Recipe> {
    RECIPES.iter().filter(|recipe| recipe.method == "GET")
}

fn writes() -> impl Iterator<Item = &'static Recipe> {
    RECIPES.iter().filter(|recipe| recipe.method == "POST")
}

#[tokio::test]
async fn every_page_opens_for_whom_it_is_and_opening_it_changes_nothing() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;
    for recipe in reads() {
        let seen = scene.call(scene.guest(recipe.door), recipe, None).await;
        let is_open = seen.status.is_success() || seen.status.is_redirection();
        let is_fine = is_open != (recipe.door == Door::Shut);
        assert!(is_fine, "{} {}: {}", recipe.path, seen.status, seen.body);
    }
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_sign_in_and_changes_nothing() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;
    let is_guarded = |recipe: &&Recipe| !matches!(recipe.door, Door::Open | Door::Shut);
    for recipe in RECIPES.iter().filter(is_guarded) {
        let seen = scene.call(&scene.stranger, recipe, None).await;
        if recipe.method == "GET" {
            assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", recipe.path);
            assert!(seen.location().starts_with("/login"), "{}", seen.location());
        } else {
            assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{}", recipe.path);
            assert!(seen.says("You are signed out"), "{}", seen.body);
        }
    }
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}

#[tokio::test]
async fn a_project_that_one_may_not_see_is_one_that_is_not_there() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;
    let mut cells = 0;
    for recipe in RECIPES {
        // An administrator sees every project, and whose is what is for the next test.
        let guest =
            if recipe.door == Door::Admin { &scene.owner } else { scene.guest(recipe.door) };
        for row in recipe.rows() {
            let mut answers = BTreeSet::new();
            for whose in [Whose::Theirs, Whose::Gone, Whose::Nobodys] {
                if !scene.has(row, whose) {
                    continue;
                }
                let seen = scene.call(guest, recipe, Some((row, whose))).await;
                let shown = without(&seen, scene.row(row, whose));
                assert!(!shown.contains(MARKER), "{} with {row}: {shown}", recipe.path);
                assert!(!seen.status.is_server_error(), "{} with {row}: {shown}", recipe.path);
                answers.insert(shown);
                cells += 1;
            }
            assert_eq!(answers.len(), 1, "{} tells {row} apart: {answers:#?}", recipe.path);
        }
    }
    assert!(cells > 0);
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}

#[tokio::test]
async fn who_is_below_the_door_changes_nothing() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;
    for recipe in writes() {
        let below = match recipe.door {
            Door::Open | Door::Shut | Door::SignedIn => continue,
            Door::Member => vec![&scene.outsider],
            Door::Owner => vec![&scene.outsider, &scene.member],
            Door::Admin => vec![&scene.outsider, &scene.member, &scene.owner],
        };
        for visitor in below {
            let seen = scene.call(visitor, recipe, None).await;
            let is_refused = matches!(seen.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND);
            assert!(is_refused, "{} {}: {}", recipe.path, seen.status, seen.body);
        }
    }
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}
