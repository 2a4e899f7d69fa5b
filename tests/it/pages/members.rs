//! Who works in a project: added, given roles, removed.

use reqwest::StatusCode;

use super::scene::{Scene, Whose, visitor};
use super::tokens::{call_with, issue, tool_with};
use serde_json::json;

const PAGE: &str = "/p/atlas/settings/members";

#[tokio::test]
async fn a_person_is_added_by_login_with_roles_and_is_in_at_once() {
    let scene = Scene::new().await;
    let nils = scene.server.world.user("nils").await;
    let nils = visitor(&scene.server, &nils).await;
    assert_eq!(nils.get(PAGE).await.status, StatusCode::NOT_FOUND);
    let (backend, qa) = (scene.ours.role("backend").await, scene.ours.role("qa").await);
    let roles = [backend.to_string(), qa.to_string()];

    let fields = [("login", " NILS "), ("roles", roles[0].as_str()), ("roles", roles[1].as_str())];
    let added = scene.owner.does(PAGE, &fields).await;

    assert!(added.says("nils is a member of the project."), "{}", added.body);
    assert!(nils.get(PAGE).await.says("nils Backend QA"), "{}", nils.get(PAGE).await.body);
    scene.server.stop().await;
}

#[tokio::test]
async fn a_login_of_nobody_is_refused_and_what_was_chosen_is_kept() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;
    let qa = scene.ours.role("qa").await.to_string();

    let nobody = scene.owner.post(PAGE, &[("login", "nobody"), ("roles", &qa)]).await;
    let foreign = scene.row("role", Whose::Theirs);
    let foreign = scene.owner.post(PAGE, &[("login", "otto"), ("roles", foreign)]).await;

    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nobody.says("the person has to sign in once first"), "{}", nobody.body);
    assert!(nobody.body.contains(r#"value="nobody""#));
    assert!(nobody.body.contains(&format!(r#"value="{qa}" checked"#)), "{}", nobody.body);
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    // Who is no owner does not learn who is known here.
    let answers = [
        scene.member.post(PAGE, &[("login", "nobody")]).await,
        scene.member.post(PAGE, &[("login", "otto")]).await,
    ];
    assert!(answers.iter().all(|answer| answer.status == StatusCode::FORBIDDEN));
    assert_eq!(answers[0].body, answers[1].body);
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}

#[tokio::test]
async fn a_member_gets_exactly_the_roles_that_are_ticked() {
    let scene = Scene::new().await;
    let mia = format!("{PAGE}/{}", scene.row("member", Whose::Ours));
    let design = scene.ours.role("design").await.to_string();

    let page = scene.owner.get(&mia).await;
    assert_eq!(page.page().matches(" checked").count(), 1);
    let given = scene.owner.does(&mia, &[("roles", &design)]).await;
    assert!(
        given.says("The roles of mia are saved.") && given.says("mia Design"),
        "{}",
        given.body
    );
    let none = scene.owner.does(&mia, &[]).await;
    assert!(none.says("mia any task"), "{}", none.body);

    let foreign = scene.owner.post(&mia, &[("roles", scene.row("role", Whose::Theirs))]).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(scene.member.get(&mia).await.status, StatusCode::FORBIDDEN);
    scene.server.stop().await;
}

#[tokio::test]
async fn who_is_removed_is_out_at_once_with_every_token_and_task() {
    let scene = Scene::new().await;
    let mia = format!("{PAGE}/{}", scene.row("member", Whose::Ours));
    let secret = issue(&scene.member, "mias").await;
    tool_with(&scene, &secret, "nottario_tasks_create", &json!({ "title": "A task" })).await;
    tool_with(&scene, &secret, "nottario_tasks_claim_next", &json!({})).await;

    let asked = scene.owner.get(&mia).await;
    assert!(asked.says("2 tokens end at once"), "{}", asked.body);
    assert!(asked.says("1 task in work goes back to the queue."), "{}", asked.body);
    let removed = scene.owner.does(&format!("{mia}/remove"), &[]).await;

    assert!(removed.says("mia is no longer a member"), "{}", removed.body);
    assert_eq!(scene.member.get(PAGE).await.status, StatusCode::NOT_FOUND);
    assert_eq!(call_with(&scene, &secret).await, StatusCode::UNAUTHORIZED);
    let held = "select count(*) from tasks where claim_id is not null";
    assert_eq!(scene.server.world.number(held).await, 0);
    assert_eq!(scene.owner.get(&mia).await.status, StatusCode::NOT_FOUND);
    scene.server.stop().await;
}

#[tokio::test]
async fn the_owner_stays_and_a_member_removes_nobody() {
    let scene = Scene::new().await;
    let ana = format!("{PAGE}/{}", scene.ours.owner.id);
    let mia = format!("{PAGE}/{}", scene.row("member", Whose::Ours));
    let before = scene.server.fingerprint().await;

    assert!(scene.owner.get(&ana).await.says("The owner cannot be removed."));
    let owner = scene.owner.post(&format!("{ana}/remove"), &[]).await;
    let by_member = scene.member.post(&format!("{mia}/remove"), &[]).await;

    assert_eq!(owner.status, StatusCode::FORBIDDEN);
    assert!(owner.says("name another owner first"), "{}", owner.body);
    assert_eq!(by_member.status, StatusCode::FORBIDDEN);
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}
