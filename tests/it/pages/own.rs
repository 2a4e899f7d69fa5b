//! A person's own pages.

use reqwest::StatusCode;

use super::scene::{Scene, Whose};

#[tokio::test]
async fn appearance_is_kept_for_the_person_and_shown_on_every_page() {
    let scene = Scene::new().await;
    let form = [("theme", "dark"), ("density", "compact")];
    let seen = scene.member.does("/me/appearance", &form).await;
    assert!(seen.says("Saved. Every browser you use looks like this now."), "{}", seen.body);
    assert!(seen.page().contains(r#"data-theme="dark" data-density="compact""#));

    let again = scene.member.get("/me/appearance").await;
    assert!(!again.says("Saved."), "a sentence is said once");
    assert!(!again.page().contains(r#"value="true" checked"#), "single keys were switched off");
    let other = scene.owner.get("/projects").await;
    assert!(other.page().contains(r#"data-theme="auto" data-density="comfortable""#));
    scene.server.stop().await;
}

#[tokio::test]
async fn a_form_that_is_none_of_ours_changes_nothing() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;
    for form in [
        &[("theme", "pink"), ("density", "compact")][..],
        &[("theme", "dark")],
        &[("theme", "dark"), ("density", "compact"), ("is_admin", "true")],
        &[],
    ] {
        let seen = scene.member.post("/me/appearance", form).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{form:?}");
        assert!(seen.says("Open the page again"), "{}", seen.body);
    }
    let long = "x".repeat(300 * 1024);
    let seen = scene.member.post("/me/appearance", &[("theme", &long)]).await;
    assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}

#[tokio::test]
async fn an_ended_session_is_nobody_at_its_next_request() {
    let scene = Scene::new().await;
    let mia = &scene.mia;
    let laptop = super::scene::visitor(&scene.server, mia).await;
    let phone = super::scene::visitor(&scene.server, mia).await;

    let path = format!("/me/sessions/{}/end", scene.row("session", Whose::Ours));
    let seen = laptop.does(&path, &[]).await;
    assert!(seen.says("That browser is signed out."), "{}", seen.body);
    let seen = laptop.post(&path, &[]).await;
    assert_eq!(seen.status, StatusCode::NOT_FOUND);

    assert_eq!(phone.get("/projects").await.status, StatusCode::OK);
    let seen = laptop.does("/me/sessions/end-others", &[]).await;
    assert!(seen.says("2 other browsers are signed out."), "{}", seen.body);
    assert_eq!(phone.get("/projects").await.status, StatusCode::SEE_OTHER);
    assert_eq!(scene.member.get("/projects").await.status, StatusCode::SEE_OTHER);
    assert_eq!(laptop.get("/projects").await.status, StatusCode::OK);
    scene.server.stop().await;
}

#[tokio::test]
async fn tokens_of_all_projects_are_listed_and_nobody_elses() {
    let scene = Scene::new().await;
    let agent = scene.ours.agent("laptop").await;
    let seen = scene.owner.get("/me/tokens").await;
    assert!(seen.says("laptop") && seen.says(agent.secret.prefix()), "{}", seen.body);
    assert!(!seen.body.contains(agent.secret.expose()));
    let seen = scene.member.get("/me/tokens").await;
    assert!(!seen.body.contains("laptop"), "{}", seen.body);
    assert!(scene.admin.get("/me/tokens").await.says("You have no tokens"));
    scene.server.stop().await;
}
