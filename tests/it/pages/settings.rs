//! A project's settings as a whole, and what ends or moves a project.

use reqwest::StatusCode;

use super::recipes::SETTINGS;
use super::scene::{Scene, Whose};
use super::tokens::{call_with, issue};

const PAGE: &str = "/p/atlas/settings/general";

/// The form with some fields that are not as they were.
fn form<'a>(changed: &[(&'static str, &'a str)]) -> Vec<(&'static str, &'a str)> {
    SETTINGS
        .iter()
        .map(|(name, value)| {
            let other = changed.iter().find(|(changed, _)| changed == name);
            (*name, other.map_or(*value, |(_, value)| *value))
        })
        .collect()
}

#[tokio::test]
async fn the_owner_changes_settings_and_everybody_reads_them() {
    let scene = Scene::new().await;

    let description = "Maps\r\nof the <world>";
    let changed =
        form(&[("name", "Atlas of maps"), ("lease_minutes", "0"), ("description", description)]);
    let saved = scene.owner.does(PAGE, &changed).await;

    assert!(saved.says("The settings are saved."), "{}", saved.body);
    assert!(saved.page().contains(r#"value="Atlas of maps""#));
    assert!(saved.page().contains(r#"name="version" value="2""#));
    let stored = "select description from projects where slug = 'atlas'";
    assert_eq!(scene.server.world.text(stored).await, "Maps\nof the <world>");
    let seen = scene.member.get(PAGE).await;
    assert!(seen.page().contains("<dt>Lease</dt><dd>off</dd>"), "{}", seen.body);
    assert!(seen.says("Maps of the &lt;world&gt;"), "{}", seen.body);
    assert!(!seen.page().contains("name=\"lease_minutes\""));
    scene.server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field_and_what_was_typed_is_kept() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;

    let typed =
        form(&[("name", " "), ("key", "A1"), ("page_size", "many"), ("description", "kept")]);
    let several = scene.owner.post(PAGE, &typed).await;
    let large = scene.owner.post(PAGE, &form(&[("page_size", "501")])).await;
    let long = scene.owner.post(PAGE, &form(&[("lease_minutes", "1441")])).await;
    let taken = scene.owner.post(PAGE, &form(&[("key", "QUO")])).await;

    for (seen, fields) in [
        (&several, &["name", "key", "page_size"][..]),
        (&large, &["page_size"]),
        (&long, &["lease_minutes"]),
        (&taken, &["key"]),
    ] {
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(seen.body.matches("-error\">").count(), fields.len(), "{}", seen.body);
        for field in fields {
            assert!(seen.body.contains(&format!("id=\"{field}-error\"")), "{field}: {}", seen.body);
        }
    }
    assert!(several.body.contains(r#"value="many""#) && several.body.contains("\nkept</textarea>"));
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}

#[tokio::test]
async fn a_form_that_somebody_was_faster_than_is_refused_and_kept_and_can_be_sent_again() {
    let scene = Scene::new().await;
    let theirs = form(&[("cycle_label", "week"), ("default_view", "docs")]);
    scene.admin.does(PAGE, &theirs).await;

    let late = scene.owner.post(PAGE, &form(&[("name", "My atlas")])).await;

    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.says("Somebody saved these settings while you were writing"), "{}", late.body);
    for (field, saved) in [("Cycle label", "week"), ("Default view", "Documents")] {
        let one = format!("<dt>{field}</dt><dd class=\"text\">{saved}</dd>");
        assert!(late.body.contains(&one), "{one}: {}", late.body);
    }
    assert!(!late.body.contains("<dt>Language</dt>"), "{}", late.body);
    assert!(late.body.contains(r#"value="My atlas""#));
    assert!(late.body.contains(r#"name="version" value="2""#));

    let again = form(&[("name", "My atlas"), ("cycle_label", "week"), ("version", "2")]);
    assert!(scene.owner.does(PAGE, &again).await.says("The settings are saved."));
    scene.server.stop().await;
}

#[tokio::test]
async fn a_key_that_tasks_are_known_by_stays() {
    let scene = Scene::new().await;
    assert!(scene.owner.get(PAGE).await.says("It can be changed until the first task is created."));
    scene.server.world.run("update task_counters set last_number = 1").await;

    let page = scene.owner.get(PAGE).await;
    let refused = scene.owner.post(PAGE, &form(&[("key", "MAP")])).await;

    assert!(page.says("It stays, because tasks are known by it already."), "{}", page.body);
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("key-error"), "{}", refused.body);
    scene.server.stop().await;
}

#[tokio::test]
async fn a_project_is_handed_over_to_a_member_and_the_former_owner_is_one() {
    let scene = Scene::new().await;
    let to = format!("{PAGE}/owner");
    let mia = scene.row("member", Whose::Ours);

    let stranger = scene.owner.post(&to, &[("owner", scene.row("member", Whose::Theirs))]).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
    let handed = scene.owner.does(&to, &[("owner", mia)]).await;

    assert!(handed.says("mia owns the project now."), "{}", handed.body);
    assert_eq!(scene.owner.post(PAGE, &form(&[])).await.status, StatusCode::FORBIDDEN);
    assert!(scene.member.does(PAGE, &form(&[])).await.says("The settings are saved."));
    scene.server.stop().await;
}

#[tokio::test]
async fn an_archived_project_is_read_only_until_it_is_brought_back() {
    let scene = Scene::new().await;

    let away = scene.owner.does(&format!("{PAGE}/archive"), &[]).await;
    assert!(away.says("This project is archived and read-only."), "{}", away.body);
    assert!(!away.page().contains("name=\"cycle_label\""));
    let refused = scene.owner.post(PAGE, &form(&[])).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.says("the project is archived and read-only"), "{}", refused.body);
    assert!(scene.owner.get("/projects").await.says("1 archived project"));

    let back = scene.owner.does(&format!("{PAGE}/unarchive"), &[]).await;
    assert!(back.says("The project is back.") && back.page().contains("name=\"cycle_label\""));
    scene.server.stop().await;
}

#[tokio::test]
async fn who_leaves_is_out_at_once_and_an_owner_cannot() {
    let scene = Scene::new().await;
    let secret = issue(&scene.member, "mias").await;
    assert_eq!(call_with(&scene, &secret).await, StatusCode::OK);
    let to = format!("{PAGE}/leave");

    let owner = scene.owner.post(&to, &[]).await;
    let left = scene.member.does(&to, &[]).await;

    assert_eq!(owner.status, StatusCode::FORBIDDEN);
    assert!(owner.says("name another owner first"), "{}", owner.body);
    assert!(left.says("You have left atlas."), "{}", left.body);
    assert_eq!(scene.member.get(PAGE).await.status, StatusCode::NOT_FOUND);
    assert_eq!(call_with(&scene, &secret).await, StatusCode::UNAUTHORIZED);
    scene.server.stop().await;
}

#[tokio::test]
async fn a_project_is_deleted_by_an_administrator_who_types_its_slug() {
    let scene = Scene::new().await;
    let secret = issue(&scene.member, "mias").await;
    let to = format!("{PAGE}/delete");
    let before = scene.server.fingerprint().await;

    assert_eq!(scene.owner.get(&to).await.status, StatusCode::FORBIDDEN);
    assert!(scene.admin.get(&to).await.says("2 tokens: agents that use one are refused"));
    let mistyped = scene.admin.post(&to, &[("slug", "atlsa")]).await;
    assert_eq!(mistyped.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(mistyped.body.contains(r#"value="atlsa""#) && mistyped.body.contains("slug-error"));
    assert_eq!(scene.server.fingerprint().await, before);

    let gone = scene.admin.does(&to, &[("slug", " atlas ")]).await;

    assert!(gone.says("atlas is deleted."), "{}", gone.body);
    for visitor in [&scene.admin, &scene.owner, &scene.member] {
        assert_eq!(visitor.get(PAGE).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(call_with(&scene, &secret).await, StatusCode::UNAUTHORIZED);
    scene.server.stop().await;
}
