//! Styles and scripts: found by their content, kept for ever, and compressed.

use reqwest::{Method, StatusCode};

use super::scene::Scene;

/// The address of the style sheet, as a page names it.
async fn style_sheet(scene: &Scene) -> String {
    let page = scene.member.get("/nowhere").await;
    let from = page.body.find("/assets/").unwrap();
    page.body[from..].split('"').next().map(|path| path.replace("mark.svg", "app.css")).unwrap()
}

#[tokio::test]
async fn an_asset_is_kept_for_ever_under_its_address_and_asked_for_again_under_an_old_one() {
    let scene = Scene::new().await;
    let path = style_sheet(&scene).await;

    let fresh = scene.stranger.get(&path).await;
    assert_eq!(fresh.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(fresh.header("content-type"), "text/css; charset=utf-8");
    assert!(fresh.page().contains("@layer tokens"));

    let old = scene.stranger.get("/assets/0123456789abcdef/app.css").await;
    assert_eq!(old.header("cache-control"), "no-cache");
    assert_eq!(old.body, fresh.body);

    let again = scene.stranger.request(Method::GET, &path);
    let again = again.header("if-none-match", format!("W/{}", fresh.header("etag")));
    let again = scene.stranger.send(again).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    scene.server.stop().await;
}

#[tokio::test]
async fn what_is_no_asset_is_not_found_whatever_its_path_says() {
    let scene = Scene::new().await;
    for path in
        ["nothing.css", "../Cargo.toml", "%2e%2e/Cargo.toml", "css/../../Cargo.toml", "/etc/passwd"]
    {
        let seen = scene.stranger.get(&format!("/assets/0/{path}")).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!seen.body.contains("[package]") && !seen.body.contains("root:"), "{path}");
    }
    scene.server.stop().await;
}

#[tokio::test]
async fn an_asset_is_compressed_for_who_can_read_that() {
    let scene = Scene::new().await;
    let path = style_sheet(&scene).await;
    for coding in ["gzip", "br", "zstd"] {
        let request = scene.stranger.request(Method::GET, &path).header("accept-encoding", coding);
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-encoding"], coding);
    }
    scene.server.stop().await;
}
