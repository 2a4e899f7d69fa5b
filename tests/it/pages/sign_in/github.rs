//! Sign-in with GitHub.

use std::sync::Arc;

use nottario::identity::github::Callback;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{
    SESSION, SIGN_IN, ana, came_back, get_from, sign_in, through_github, who_is, with_github,
};
use crate::cluster;
use crate::fake_github::{Account, Door, FakeGitHub, Mood};
use crate::pages::visitor::Visitor;
use crate::served::TestServer;
use crate::server;
use crate::world::World;

const ORG: &str = "acme";

#[tokio::test]
async fn a_person_gets_in_and_goes_where_it_was_going() {
    let (fake, server) = with_github().await;
    fake.sits_down(Account { name: json!("Ana <Lima>"), ..ana() });
    let browser = Visitor::stranger(&server.url());

    let sent = browser.get("/projects?x=1&y=2").await;
    assert_eq!(sent.location(), "/login?next=%2Fprojects%3Fx%3D1%26y%3D2");
    let login = browser.get(&sent.location()).await;
    let begin = "/auth/github?next=%2Fprojects%3Fx%3D1%26y%3D2";
    assert!(login.page().contains(&format!("href=\"{begin}\"")), "{}", login.body);
    assert!(login.says("Sign in with GitHub"), "{}", login.body);
    let back = through_github(&fake, &browser, begin).await;
    assert!(browser.cookie(SIGN_IN).is_some());
    let arrived = browser.get(&back).await;

    assert_eq!((arrived.status.as_u16(), arrived.location().as_str()), (303, "/projects?x=1&y=2"));
    assert_eq!(browser.cookie(SIGN_IN), None);
    assert_eq!(who_is(&browser).await.as_deref(), Some("ana"));
    assert!(browser.get("/me/profile").await.says("Ana &lt;Lima&gt;"));
    // Who is in already is not asked again.
    let again = browser.get(&sent.location()).await;
    assert_eq!(again.location(), "/projects?x=1&y=2");
    server.stop().await;
}

/// Brings a refusal about, and sees that the browser is left with nothing but its sentence.
async fn is_refused(fake: &FakeGitHub, server: &TestServer, code: &str, words: &str) {
    let browser = Visitor::stranger(&server.url());
    let refused = sign_in(fake, &browser).await;
    assert_eq!(refused.location(), format!("/login?error={code}"));
    assert_eq!((browser.cookie(SESSION), browser.cookie(SIGN_IN)), (None, None), "{code}");
    let login = browser.get(&refused.location()).await;
    assert!(login.says(words), "{code}: {}", login.body);
    assert!(login.says("Sign in with GitHub"), "{code}: {}", login.body);
}

#[tokio::test]
async fn every_refusal_leads_back_to_the_sign_in_page_with_its_sentence() {
    let fake = FakeGitHub::start(ana()).await;
    let server = fake.server(Some(ORG), &[]).await;
    let people = server.world.number("select count(*) from users").await;

    let login = Visitor::stranger(&server.url()).get("/login").await;
    assert!(login.says("active members of the GitHub organisation acme"), "{}", login.body);
    is_refused(&fake, &server, "organisation", "members of the GitHub organisation acme").await;
    fake.joins(101, ORG, "pending");
    is_refused(&fake, &server, "organisation", "accept its invitation").await;
    fake.joins(101, ORG, "active");
    fake.misbehaves(Door::User, Mood::Status(500));
    is_refused(&fake, &server, "github", "GitHub does not answer as it should").await;
    fake.misbehaves(Door::User, Mood::Says(r#"{"id":101,"login":"a bot[bot]"}"#));
    is_refused(&fake, &server, "account", "This GitHub account cannot be used here").await;
    fake.says_no();
    is_refused(&fake, &server, "denied", "You did not let GitHub say who you are").await;

    assert_eq!(server.world.number("select count(*) from users").await, people);
    assert_eq!(server.world.number("select count(*) from sessions").await, 0);
    server.stop().await;

    let server = fake.server(None, &[("GITHUB_OAUTH_CLIENT_SECRET", "a wrong one")]).await;
    fake.says_yes();
    is_refused(&fake, &server, "setup", "the operator finds the reason").await;
    server.stop().await;
}

#[tokio::test]
async fn the_sign_in_page_says_nothing_that_a_stranger_words() {
    let (_fake, server) = with_github().await;
    let browser = Visitor::stranger(&server.url());
    for error in ["call+0900+1234", "%3Cb%3Ebold", "organisation", "", "Denied"] {
        let login = browser.get(&format!("/login?error={error}")).await;
        assert!(!login.page().contains("role=\"alert\""), "{error}: {}", login.body);
        assert!(!login.body.contains("0900") && !login.body.contains("bold"), "{}", login.body);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_sign_in_ends_only_in_the_browser_that_began_it() {
    let (fake, server) = with_github().await;
    let (own, other) = (Visitor::stranger(&server.url()), Visitor::stranger(&server.url()));
    let sent = own.get("/auth/github").await;
    let callback = fake.visit(&sent.location()).await;
    other.get("/auth/github").await;
    let kept = own.cookie(SIGN_IN).unwrap();
    let others = other.cookie(SIGN_IN).unwrap();
    let with_state =
        |state: Option<&str>| Callback { state: state.map(str::to_owned), ..callback.clone() };
    let right = callback.state.clone();
    let cut = right.as_deref().map(|state| &state[1..]);

    for (case, callback, cookie) in [
        ("no cookie", with_state(right.as_deref()), None),
        ("an empty cookie", with_state(right.as_deref()), Some("")),
        ("another browser's cookie", with_state(right.as_deref()), Some(others.as_str())),
        ("a cut cookie", with_state(right.as_deref()), Some(&kept[1..])),
        ("no state", with_state(None), Some(kept.as_str())),
        ("an empty state", with_state(Some("")), Some(kept.as_str())),
        ("a wrong state", with_state(Some("wrong")), Some(kept.as_str())),
        ("a cut state", with_state(cut), Some(kept.as_str())),
        ("nothing at all", Callback::default(), Some(kept.as_str())),
    ] {
        let browser = Visitor::stranger(&server.url());
        if let Some(cookie) = cookie {
            browser.keep(SIGN_IN, cookie);
        }
        let refused = get_from(&browser, "203.0.113.7", &came_back(&callback)).await;
        assert_eq!(refused.location(), "/login?error=state", "{case}");
        assert_eq!((browser.cookie(SESSION), browser.cookie(SIGN_IN)), (None, None), "{case}");
    }
    // Twice in one address is none.
    let twice = format!("{}&state=x", came_back(&callback));
    let refused = other.get(&twice).await;
    assert_eq!(refused.location(), "/login?error=state");

    // None of them has used the code up.
    let arrived = own.get(&came_back(&callback)).await;
    assert_eq!(arrived.location(), "/");
    assert_eq!(who_is(&own).await.as_deref(), Some("ana"));
    server.stop().await;
}

#[tokio::test]
async fn what_was_used_once_signs_nobody_in_again() {
    let (fake, server) = with_github().await;
    let browser = Visitor::stranger(&server.url());
    let back = through_github(&fake, &browser, "/auth/github").await;
    let kept = browser.cookie(SIGN_IN).unwrap();
    assert_eq!(browser.get(&back).await.location(), "/");

    // The address again, as from the browser's history.
    assert_eq!(browser.get(&back).await.location(), "/login?error=state");
    // Somebody who has seen everything that the browser sent.
    let thief = Visitor::stranger(&server.url());
    thief.keep(SIGN_IN, &kept);
    let refused = thief.get(&back).await;
    assert_eq!(refused.location(), "/login?error=code");
    let login = thief.get(&refused.location()).await;
    assert!(login.says("GitHub did not accept this sign-in"), "{}", login.body);

    assert_eq!(who_is(&thief).await, None);
    assert_eq!(who_is(&browser).await.as_deref(), Some("ana"), "who is in stays in");
    let login = browser.get("/login?error=state").await;
    assert!(login.says("You are still signed in as ana"), "{}", login.body);
    server.stop().await;
}

#[tokio::test]
async fn a_code_that_another_sign_in_was_given_is_refused() {
    let (fake, server) = with_github().await;
    let (victim, thief) = (Visitor::stranger(&server.url()), Visitor::stranger(&server.url()));
    let victims = fake.visit(&victim.get("/auth/github").await.location()).await;
    let thiefs = fake.visit(&thief.get("/auth/github").await.location()).await;

    // The thief's own cookie and state, and the code that was meant for the victim: the verifier
    // behind the thief's cookie is not the one that the code was given for.
    let injected = Callback { code: victims.code, ..thiefs };
    let refused = thief.get(&came_back(&injected)).await;

    assert_eq!(refused.location(), "/login?error=code");
    assert_eq!(who_is(&thief).await, None);
    server.stop().await;
}

#[tokio::test]
async fn nobody_is_sent_to_another_host_afterwards() {
    let (fake, server) = with_github().await;
    let browser = Visitor::stranger(&server.url());
    let values = [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\r\nlocation: https://evil.example",
        "/..//evil.example",
        "/%2e%2e//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
    ];
    for value in values {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("next", value).finish();
        let login = Visitor::stranger(&server.url()).get(&format!("/login?{query}")).await;
        assert!(login.page().contains("href=\"/auth/github\""), "{value:?}: {}", login.body);
        let back = through_github(&fake, &browser, &format!("/auth/github?{query}")).await;
        assert_eq!(browser.get(&back).await.location(), "/", "{value:?}");
        assert_eq!(browser.get(&format!("/login?{query}")).await.location(), "/", "{value:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn of_fifty_first_people_at_once_exactly_one_becomes_the_administrator() {
    let (fake, server) = with_github().await;
    server.world.run("delete from users").await;
    let mut comers = Vec::new();
    for id in 1..=50 {
        fake.sits_down(Account::new(id, &format!("person-{id}")));
        let browser = Visitor::stranger(&server.url());
        let back = through_github(&fake, &browser, "/auth/github").await;
        comers.push((browser, back));
    }

    let everybody = Arc::new(Barrier::new(comers.len()));
    let mut crowd = JoinSet::new();
    for (browser, back) in comers {
        let everybody = everybody.clone();
        crowd.spawn(async move {
            everybody.wait().await;
            let arrived = browser.get(&back).await;
            assert_eq!(arrived.location(), "/", "{}", arrived.body);
            browser.get("/projects/new").await.status == 200
        });
    }
    let may_make_projects = crowd.join_all().await;

    assert_eq!(may_make_projects.into_iter().filter(|is_admin| *is_admin).count(), 1);
    assert_eq!(server.world.number("select count(*) from users").await, 50);
    assert_eq!(server.world.number("select count(*) from users where is_admin").await, 1);
    server.stop().await;
}

#[tokio::test]
async fn where_github_signs_people_in_links_do_not() {
    let (_fake, server) = with_github().await;
    let browser = Visitor::stranger(&server.url());
    let link = super::link_for(&server, "admin").await;

    assert_eq!(browser.get(&link).await.status, 404);
    let redeemed = browser.post("/login/local", &[("key", super::key_of(&link))]).await;
    assert_eq!(redeemed.status, 404);
    assert_eq!(server.world.number("select count(*) from sessions").await, 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_reach_github_by_any_address_does_not_start() {
    let world = World::new().await;
    let folder = cluster::scratch_folder();
    let url = world.database_url();
    let environment = [
        ("DATABASE_URL", url.as_str()),
        ("NOTTARIO_DATA_DIR", folder.path().to_str().unwrap()),
        ("GITHUB_OAUTH_CLIENT_ID", "client"),
        ("GITHUB_OAUTH_CLIENT_SECRET", "marker-secret"),
        ("GITHUB_URL", "http://github.example.org:99999"),
    ];

    let ended = tokio::task::block_in_place(|| server::run(&["serve"], &environment));

    let said = server::complaint(&ended);
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("check GITHUB_URL"), "{said}");
    assert!(!said.contains("marker-secret"), "{said}");
}
