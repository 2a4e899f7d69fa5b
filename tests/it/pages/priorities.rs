//! The named priorities of a project.

use reqwest::StatusCode;
use serde_json::json;

use super::scene::Scene;
use super::tokens::{issue, tool_with};

const PAGE: &str = "/p/atlas/settings/priorities";

#[tokio::test]
async fn a_priority_is_added_between_the_others() {
    let scene = Scene::new().await;

    let added = scene.owner.does(PAGE, &[("key", "urgent"), ("value", "95")]).await;

    assert!(added.says("The priority urgent is there."), "{}", added.body);
    let place = |name: &str| added.page().find(&format!("<strong>{name}</strong>")).unwrap();
    assert!(place("critical") < place("urgent") && place("urgent") < place("high"));
    assert!(!scene.member.get(PAGE).await.page().contains("<form class=\"card"));
    scene.server.stop().await;
}

#[tokio::test]
async fn a_name_or_value_that_cannot_be_is_refused_and_kept() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;
    for (key, value, field) in [
        ("Urgent!", "95", "key"),
        ("high", "95", "key"),
        ("urgent", "90", "value"),
        ("urgent", "101", "value"),
        ("urgent", "ninety", "value"),
    ] {
        let seen = scene.owner.post(PAGE, &[("key", key), ("value", value)]).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{key} {value}");
        assert!(
            seen.body.contains(&format!("id=\"{field}-error\"")),
            "{key} {value}: {}",
            seen.body
        );
        assert!(seen.body.contains(&format!("value=\"{key}\"")), "{key}: {}", seen.body);
        assert!(seen.body.contains(&format!("value=\"{value}\"")), "{value}: {}", seen.body);
        let edited =
            scene.owner.post(&format!("{PAGE}/low"), &[("key", key), ("value", value)]).await;
        assert_eq!(edited.status, StatusCode::UNPROCESSABLE_ENTITY, "{key} {value}");
        assert!(edited.body.contains(&format!("id=\"{field}-error\"")), "{}", edited.body);
    }
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}

#[tokio::test]
async fn open_tasks_move_with_a_priority_when_they_shall() {
    let scene = Scene::new().await;
    let secret = issue(&scene.member, "mias").await;
    let task = json!({ "title": "A task", "priority_key": "high" });
    tool_with(&scene, &secret, "nottario_tasks_create", &task).await;
    assert!(scene.owner.get(&format!("{PAGE}/high")).await.says("1 open task has it."));
    let priority = "select priority::bigint from tasks";

    let alone = [("key", "high"), ("value", "91")];
    let alone = scene.owner.does(&format!("{PAGE}/high"), &alone).await;
    assert!(alone.says("The priority high is saved.") && alone.says("high 91 0"), "{}", alone.body);
    assert_eq!(scene.server.world.number(priority).await, 90);

    scene.owner.does(&format!("{PAGE}/high"), &[("key", "high"), ("value", "90")]).await;
    let moved = [("key", "soon"), ("value", "92"), ("move_tasks", "true")];
    let moved = scene.owner.does(&format!("{PAGE}/high"), &moved).await;
    assert!(moved.says("one open task moved with it") && moved.says("soon 92 1"), "{}", moved.body);
    assert_eq!(scene.server.world.number(priority).await, 92);
    scene.server.stop().await;
}

#[tokio::test]
async fn the_default_is_another_and_the_former_one_can_go() {
    let scene = Scene::new().await;
    let medium = format!("{PAGE}/medium/delete");

    assert!(scene.owner.get(&format!("{PAGE}/medium")).await.says("so it cannot be deleted"));
    let refused = scene.owner.post(&medium, &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.says("make another one the default first"), "{}", refused.body);

    let chosen = scene.owner.does(&format!("{PAGE}/low/default"), &[]).await;
    assert!(chosen.says("low default 30"), "{}", chosen.body);
    let gone = scene.owner.does(&medium, &[]).await;
    assert!(gone.says("The priority medium is deleted."), "{}", gone.body);
    assert_eq!(scene.owner.post(&medium, &[]).await.status, StatusCode::NOT_FOUND);
    scene.server.stop().await;
}
