//! Pages that say why there is no page.

use reqwest::StatusCode;

use super::scene::Scene;

#[tokio::test]
async fn an_address_of_nothing_is_a_page_in_the_frame_for_people_and_an_object_for_programs() {
    let scene = Scene::new().await;

    let page = scene.member.get("/nowhere").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.says("There is nothing here") && page.says("Signed in as mia"), "{}", page.body);

    let answer = reqwest::get(format!("{}/nowhere", scene.server.url())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let answer: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(answer["code"], "not_found");
    assert!(answer["next"].is_string());
    scene.server.stop().await;
}

#[tokio::test]
async fn who_comes_from_somewhere_is_sent_back_there_after_signing_in() {
    let scene = Scene::new().await;
    let sent = scene.stranger.get("/p/atlas?cycle=sprint-1&x=%2F%2Fevil").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let expected = "/login?next=%2Fp%2Fatlas%3Fcycle%3Dsprint-1%26x%3D%252F%252Fevil";
    assert_eq!(sent.location(), expected);
    scene.server.stop().await;
}

#[tokio::test]
async fn a_cookie_that_is_no_session_is_nobody() {
    let scene = Scene::new().await;
    for value in ["", "x", "ntr_abc", &"A".repeat(43), &"é".repeat(20), &"A".repeat(5000)] {
        let visitor = super::visitor::Visitor::with_session(&scene.server.url(), value);
        let seen = visitor.get("/").await;
        assert!(matches!(seen.status.as_u16(), 303 | 431), "{value:.20}: {}", seen.status);
    }
    scene.server.stop().await;
}
