//! What another site makes a browser send has no effect.

use reqwest::{Method, StatusCode};

use super::recipes::RECIPES;
use super::scene::Scene;

/// How a request says that another site's page sent it; the last one comes from an old browser.
const FOREIGN: [&[(&str, &str)]; 4] = [
    &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
    &[("sec-fetch-site", "same-site"), ("origin", "http://sibling.localhost:8080")],
    &[("sec-fetch-site", "cross-site"), ("origin", "null")],
    &[("origin", "https://evil.example")],
];

/// How a form or a script of another site can dress what it sends.
const DRESSES: [&str; 4] = [
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/json",
    "multipart/form-data; boundary=x",
];

#[tokio::test]
async fn a_change_that_another_site_asks_for_is_refused() {
    let scene = Scene::new().await;
    let before = scene.server.fingerprint().await;
    let mut cells = 0;
    for recipe in RECIPES.iter().filter(|recipe| recipe.method == "POST") {
        let path = scene.fill(recipe.call, None);
        let body: Vec<_> = recipe
            .form
            .iter()
            .map(|(name, value)| format!("{name}={}", scene.fill(value, None)))
            .collect();
        for headers in FOREIGN {
            for dress in DRESSES {
                let visitor = scene.guest(recipe.door);
                let mut request = visitor
                    .request(Method::POST, &path)
                    .header("content-type", dress)
                    .body(body.join("&"));
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                let seen = visitor.send(request).await;
                assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path} {headers:?} {dress}");
                assert!(seen.says("This came from another site"), "{}", seen.body);
                cells += 1;
            }
        }
    }
    let posts = RECIPES.iter().filter(|recipe| recipe.method == "POST").count();
    assert_eq!(cells, posts * FOREIGN.len() * DRESSES.len());
    assert_eq!(scene.server.fingerprint().await, before);
    scene.server.stop().await;
}
