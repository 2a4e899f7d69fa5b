//! The headers that every answer has, whatever the answer.

use super::recipes::RECIPES;
use super::scene::Scene;
use super::visitor::Seen;

fn assert_guarded(of: &str, seen: &Seen) {
    assert_eq!(seen.header("x-content-type-options"), "nosniff", "{of}");
    assert_eq!(seen.header("referrer-policy"), "same-origin", "{of}");
    assert_eq!(seen.header("cross-origin-opener-policy"), "same-origin", "{of}");
    assert!(!seen.header("x-request-id").is_empty(), "{of}");
    let policy = seen.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{of}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{of}: {policy}");
    assert!(!policy.contains("unsafe"), "{of}: {policy}");
    if seen.header("content-type").starts_with("text/html") {
        for rule in
            ["script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'"]
        {
            assert!(policy.contains(rule), "{of}: {policy}");
        }
        assert_eq!(seen.header("cache-control"), "no-store", "{of}");
        for inline in ["<style", "style=\"", "onclick=", "javascript:"] {
            assert!(!seen.body.contains(inline), "{of} has {inline}");
        }
    }
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let scene = Scene::new().await;
    for recipe in RECIPES {
        for visitor in [scene.guest(recipe.door), &scene.stranger] {
            let seen = scene.call(visitor, recipe, None).await;
            assert_guarded(recipe.path, &seen);
        }
    }
    for path in ["/nowhere", "/healthz", "/p/../..", "/%00", "/p/%ff"] {
        assert_guarded(path, &scene.member.get(path).await);
    }
    scene.server.stop().await;
}
