//! The kinds of work of a project: added, named, put into order, deleted.

use reqwest::StatusCode;

use super::scene::{Scene, Whose};
use super::tokens::{issue, tool_with};
use super::visitor::Seen;
use serde_json::json;

const PAGE: &str = "/p/atlas/settings/roles";

/// The labels in the order in which the page shows them.
fn labels(seen: &Seen) -> Vec<String> {
    let rows = seen.page().split("data-row=").skip(1);
    let label = |row: &str| {
        row.split("<span class=\"pill role-").nth(1)?.split(['>', '<']).nth(1).map(str::to_owned)
    };
    rows.filter_map(label).collect()
}

async fn ids(scene: &Scene, keys: &[&str]) -> String {
    let mut ids = Vec::new();
    for key in keys {
        ids.push(scene.ours.role(key).await.to_string());
    }
    ids.join(" ")
}

#[tokio::test]
async fn a_role_is_added_under_a_key_made_of_its_label() {
    let scene = Scene::new().await;
    let fields = [("label", "Site Reliability"), ("key", ""), ("color", "olive")];

    let added = scene.owner.does(PAGE, &fields).await;

    let text = "The role Site Reliability is there; agents know it as site-reliability.";
    assert!(added.says(text), "{}", added.body);
    assert_eq!(labels(&added), ["Backend", "Frontend", "QA", "Design", "Site Reliability"]);
    assert!(added.page().contains("pill role-olive"));
    assert!(!scene.member.get(PAGE).await.page().contains("<form class=\"card"));
    scene.server.stop().await;
}

#[tokio::test]
async fn a_role_that_cannot_be_is_refused_and_what_was_typed_is_kept() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;

    let wrong = [("label", ""), ("key", "Not A Key"), ("color", "#ff0000")];
    let wrong = scene.owner.post(PAGE, &wrong).await;
    let taken = [("label", "Quality"), ("key", "qa"), ("color", "red")];
    let taken = scene.owner.post(PAGE, &taken).await;

    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["label", "key", "color"] {
        assert!(wrong.body.contains(&format!("id=\"{field}-error\"")), "{}", wrong.body);
    }
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.body.contains("key-error") && taken.body.contains(r#"value="Quality""#));
    assert!(taken.body.contains(r#"value="red" checked"#), "{}", taken.body);
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}

#[tokio::test]
async fn a_role_gets_another_name_and_colour() {
    let scene = Scene::new().await;
    let role = format!("{PAGE}/{}", scene.row("role", Whose::Ours));

    let empty = scene.owner.post(&role, &[("label", ""), ("color", "red")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.body.contains("label-error") && empty.body.contains(r#"value="red" checked"#));
    let saved = scene.owner.does(&role, &[("label", "Server"), ("color", "red")]).await;

    assert_eq!(labels(&saved), ["Server", "Frontend", "QA", "Design"]);
    assert_eq!(scene.member.get(&role).await.status, StatusCode::FORBIDDEN);
    scene.server.stop().await;
}

#[tokio::test]
async fn roles_move_step_by_step_and_all_at_once() {
    let scene = Scene::new().await;
    let qa = format!("{PAGE}/{}/move", scene.ours.role("qa").await);

    let up = scene.owner.does(&qa, &[("direction", "up")]).await;
    assert_eq!(labels(&up), ["Backend", "QA", "Frontend", "Design"]);
    let down = scene.owner.does(&qa, &[("direction", "down")]).await;
    assert_eq!(labels(&down), ["Backend", "Frontend", "QA", "Design"]);

    let order = ids(&scene, &["design", "qa", "backend", "frontend"]).await;
    let ordered = scene.owner.does(&format!("{PAGE}/order"), &[("order", &order)]).await;
    assert_eq!(labels(&ordered), ["Design", "QA", "Backend", "Frontend"]);

    let sideways = scene.owner.post(&qa, &[("direction", "sideways")]).await;
    assert_eq!(sideways.status, StatusCode::BAD_REQUEST);
    scene.server.stop().await;
}

#[tokio::test]
async fn an_order_of_other_roles_than_there_are_is_refused_with_those_there_are() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;
    let to = format!("{PAGE}/order");

    let few = ids(&scene, &["design", "qa"]).await;
    let few = scene.owner.post(&to, &[("order", &few)]).await;
    assert_eq!(few.status, StatusCode::CONFLICT);
    assert!(few.says("your order was not saved. This is the list now."), "{}", few.body);

    let foreign = scene.row("role", Whose::Theirs);
    let foreign = scene.owner.post(&to, &[("order", foreign)]).await;
    assert_eq!(foreign.status, StatusCode::CONFLICT);
    assert_eq!(scene.owner.post(&to, &[("order", "x")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}

#[tokio::test]
async fn a_role_is_deleted_after_it_was_said_what_that_changes() {
    let scene = Scene::new().await;
    let role = format!("{PAGE}/{}/delete", scene.row("role", Whose::Ours));
    let secret = issue(&scene.member, "mias").await;
    let task = json!({ "title": "A task", "target_role_id": "backend" });
    tool_with(&scene, &secret, "nottario_tasks_create", &task).await;

    let asked = scene.owner.get(&role).await;
    assert!(asked.says("1 open task that asks for it is for everybody then."), "{}", asked.body);
    assert!(asked.says("2 members lose it."), "{}", asked.body);
    let gone = scene.owner.does(&role, &[]).await;

    assert!(gone.says("The role Backend is deleted."), "{}", gone.body);
    assert_eq!(labels(&gone), ["Frontend", "QA", "Design"]);
    assert!(scene.member.get("/p/atlas/settings/members").await.says("mia any task"));
    assert_eq!(scene.owner.post(&role, &[]).await.status, StatusCode::NOT_FOUND);
    scene.server.stop().await;
}
