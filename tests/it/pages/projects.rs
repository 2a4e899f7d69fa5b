//! The list of projects, and making one.

use reqwest::StatusCode;

use super::scene::{MARKER, Scene};

#[tokio::test]
async fn people_see_their_projects_and_administrators_all() {
    let scene = Scene::new().await;
    let seen = scene.member.get("/projects").await;
    assert!(seen.says("atlas ATL") && !seen.body.contains(MARKER), "{}", seen.body);
    assert!(!seen.says("New project"));
    let seen = scene.admin.get("/projects").await;
    assert!(seen.says("atlas ATL") && seen.says(MARKER) && seen.says("New project"));
    scene.server.stop().await;
}

#[tokio::test]
async fn an_administrator_makes_a_project_by_its_name_alone() {
    let scene = Scene::new().await;
    let sent = scene.admin.post("/projects/new", &[("name", "Night Watch"), ("key", "")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    assert_eq!(sent.location(), "/p/night-watch/settings/tokens");
    assert!(scene.admin.get("/projects").await.says("Night Watch"));
    scene.server.stop().await;
}

#[tokio::test]
async fn what_was_typed_is_kept_with_a_complaint_at_each_field() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;
    let seen = scene.admin.post("/projects/new", &[("name", "  "), ("key", "n0<b>")]).await;
    assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(seen.says("Name: Must not be empty."), "{}", seen.body);
    assert!(seen.body.contains(r#"value="n0&lt;b&gt;""#), "{}", seen.body);
    assert_eq!(seen.body.matches(r#"aria-invalid="true""#).count(), 2);

    let taken = scene.admin.post("/projects/new", &[("name", "Atlas two"), ("key", "atl")]).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", taken.body);
    assert!(taken.body.contains(r#"value="Atlas two""#), "{}", taken.body);
    assert!(taken.body.contains(r#"id="key-error""#), "{}", taken.body);
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}

#[tokio::test]
async fn for_others_there_is_no_such_page() {
    let scene = Scene::new().await;
    for visitor in [&scene.owner, &scene.member] {
        assert_eq!(visitor.get("/projects/new").await.status, StatusCode::NOT_FOUND);
        let sent = visitor.post("/projects/new", &[("name", "Mine"), ("key", "")]).await;
        assert_eq!(sent.status, StatusCode::NOT_FOUND);
    }
    scene.server.stop().await;
}
