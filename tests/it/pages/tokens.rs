//! The tokens of a project's agents: shown once, and dead at once when they are revoked.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::scene::{Scene, Whose};
use super::visitor::{Seen, Visitor};
use crate::served::{call_of, http};

const PAGE: &str = "/p/atlas/settings/tokens";

/// Issues a token of the project `atlas` as its page does, and gives its secret.
pub(super) async fn issue(visitor: &Visitor, name: &str) -> String {
    secret(&visitor.post(PAGE, &[("name", name), ("role", ""), ("expires", "week")]).await)
}

/// Calls the agents' endpoint with a secret.
pub(super) async fn call_with(scene: &Scene, secret: &str) -> StatusCode {
    send(scene, secret, "nottario_whoami", &json!({})).await.status()
}

/// Calls a tool that is to succeed with a secret, and gives its answer.
pub(super) async fn tool_with(scene: &Scene, secret: &str, tool: &str, arguments: &Value) -> Value {
    let answer: Value = send(scene, secret, tool, arguments).await.json().await.unwrap();
    assert_ne!(answer["result"]["isError"], true, "{tool} {arguments}: {answer}");
    answer
}

async fn send(scene: &Scene, secret: &str, tool: &str, arguments: &Value) -> reqwest::Response {
    http()
        .post(scene.server.endpoint())
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .header("mcp-protocol-version", "2025-11-25")
        .bearer_auth(secret)
        .body(call_of(&json!(1), tool, arguments).to_string())
        .send()
        .await
        .unwrap()
}

/// The secret that a page shows.
fn secret(seen: &Seen) -> String {
    let from = seen.page().split("id=\"secret\"").nth(1).expect("no secret is shown");
    from.split(['>', '<']).nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn a_fresh_token_is_shown_once_and_opens_the_endpoint() {
    let scene = Scene::new().await;
    let role = scene.row("role", Whose::Ours);
    let fields = [("name", "desk"), ("role", role), ("expires", "month")];

    let issued = scene.member.post(PAGE, &fields).await;

    let token = secret(&issued);
    assert_eq!(issued.header("cache-control"), "no-store");
    assert_eq!(call_with(&scene, &token).await, StatusCode::OK);
    for client in ["Claude Code", "Claude Desktop", "Cursor", "VS Code", "Codex"] {
        assert!(issued.says(client), "{client}: {}", issued.body);
    }
    let url = format!("{}/mcp", scene.server.url());
    assert!(
        issued.says(&format!("claude mcp add --transport http nottario {url}")),
        "{}",
        issued.body
    );

    let listed = scene.member.get(PAGE).await;
    assert!(listed.says("desk") && listed.says("Backend"), "{}", listed.body);
    assert!(listed.page().contains(&token[..12]) && !listed.page().contains(&token));
    scene.server.stop().await;
}

#[tokio::test]
async fn sending_the_form_once_more_neither_issues_nor_shows_a_token() {
    let scene = Scene::new().await;
    let token = issue(&scene.member, "desk").await;
    let before = scene.server.fingerprint().await;

    let fields = [("name", "Desk"), ("role", ""), ("expires", "never")];
    let again = scene.member.post(PAGE, &fields).await;

    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.says("A live token of this project has that name"), "{}", again.body);
    assert!(again.body.contains(r#"value="Desk""#), "{}", again.body);
    assert!(again.body.contains(r#"value="never" checked"#), "{}", again.body);
    assert!(!again.body.contains(&token));
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_token_stands_at_its_field() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;

    let wrong = [("name", " "), ("role", "backend"), ("expires", "tomorrow")];
    let wrong = scene.member.post(PAGE, &wrong).await;
    let foreign = scene.row("role", Whose::Theirs);
    let foreign = [("name", "desk"), ("role", foreign), ("expires", "week")];
    let foreign = scene.member.post(PAGE, &foreign).await;

    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["name", "role", "expires"] {
        assert!(wrong.body.contains(&format!("id=\"{field}-error\"")), "{field}: {}", wrong.body);
    }
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}

#[tokio::test]
async fn a_revoked_token_is_refused_by_its_next_call() {
    let scene = Scene::new().await;
    let token = issue(&scene.member, "desk").await;
    assert_eq!(call_with(&scene, &token).await, StatusCode::OK);
    let id = "select id::text from tokens where name = 'desk'";
    let revoke = format!("{PAGE}/{}/revoke", scene.server.world.text(id).await);

    let revoked = scene.member.does(&revoke, &[]).await;

    assert!(revoked.says("The token is revoked: its next call is refused."), "{}", revoked.body);
    assert!(!revoked.says("desk"), "{}", revoked.body);
    assert_eq!(call_with(&scene, &token).await, StatusCode::UNAUTHORIZED);
    let reused = issue(&scene.member, "desk").await;
    assert_eq!(call_with(&scene, &reused).await, StatusCode::OK);
    scene.server.stop().await;
}

#[tokio::test]
async fn others_tokens_are_nameless_to_members_and_open_to_the_owner() {
    let scene = Scene::new().await;
    let token = issue(&scene.owner, "anas-laptop").await;
    let id = "select id::text from tokens where name = 'anas-laptop'";
    let revoke = format!("{PAGE}/{}/revoke", scene.server.world.text(id).await);

    let seen = scene.member.get(PAGE).await;
    assert!(seen.says("a token of ana"), "{}", seen.body);
    assert!(!seen.body.contains("anas-laptop") && !seen.body.contains(&token[..12]));
    assert!(!seen.body.contains(&revoke));
    assert_eq!(scene.member.post(&revoke, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(call_with(&scene, &token).await, StatusCode::OK);

    assert!(scene.owner.get(PAGE).await.says("atlas"), "the name of mia's token");
    let mias = format!("{PAGE}/{}/revoke", scene.row("token", Whose::Ours));
    assert!(scene.owner.does(&mias, &[]).await.says("The token is revoked"));
    scene.server.stop().await;
}

#[tokio::test]
async fn an_administrator_who_is_no_member_is_told_to_become_one() {
    let scene = Scene::new().await;

    let seen = scene.admin.get(PAGE).await;
    let fields = [("name", "desk"), ("role", ""), ("expires", "week")];
    let refused = scene.admin.post(PAGE, &fields).await;

    assert!(seen.says("without being a member"), "{}", seen.body);
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.says("Only members have agents"), "{}", refused.body);
    scene.server.stop().await;
}

#[tokio::test]
async fn the_end_of_a_token_is_warned_of_before_and_said_after() {
    let scene = Scene::new().await;
    let ends = |within: &str| format!("update tokens set expires_at = now() + interval '{within}'");

    scene.server.world.run(ends("3 days 1 hour")).await;
    let near = scene.member.get(PAGE).await;
    scene.server.world.run(ends("30 days")).await;
    let far = scene.member.get(PAGE).await;
    scene.server.world.run("update tokens set created_at = now() - interval '9 days'").await;
    scene.server.world.run(ends("-1 day")).await;
    let past = scene.member.get(PAGE).await;

    assert!(near.body.contains("pill--warn") && near.says("in 3 days"), "{}", near.body);
    assert!(!far.body.contains("pill--warn") && far.says("in 29 days"), "{}", far.body);
    assert!(past.body.contains("pill--danger") && past.says("ended 1 day ago"), "{}", past.body);
    scene.server.stop().await;
}

#[tokio::test]
async fn an_archived_project_issues_no_token_and_still_revokes() {
    let scene = Scene::new().await;
    scene.owner.does("/p/atlas/settings/general/archive", &[]).await;

    let fields = [("name", "desk"), ("role", ""), ("expires", "week")];
    assert_eq!(scene.member.post(PAGE, &fields).await.status, StatusCode::FORBIDDEN);
    assert!(!scene.member.get(PAGE).await.page().contains("name=\"expires\""));
    let mias = format!("{PAGE}/{}/revoke", scene.row("token", Whose::Ours));
    assert!(scene.member.does(&mias, &[]).await.says("The token is revoked"));
    scene.server.stop().await;
}
