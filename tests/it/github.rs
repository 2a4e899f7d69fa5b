//! Sign-in with GitHub, against one that checks everything: who gets in, and every way not to.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nottario::config::{PublicUrl, Secret};
use nottario::identity::github::{Arrival, Callback, Start};
use nottario::identity::{GitHubClient, LocalPath, SessionKeys, SignInRefused};
use serde_json::{Value, json};
use url::Url;

use crate::fake_github::{Account, CLIENT_SECRET, Door, FakeGitHub, Mood};

const ORG: &str = "acme";

fn noon() -> DateTime<Utc> {
    "2030-06-01T12:00:00Z".parse().unwrap()
}

fn keys() -> SessionKeys {
    SessionKeys::derive(&Secret::new([7; 32]))
}

fn ana() -> Account {
    Account::new(101, "ana")
}

fn client_of(config: &nottario::config::GitHub) -> GitHubClient {
    let public_url: PublicUrl = "https://tasks.example.org".parse().unwrap();
    drop(crate::served::http());
    GitHubClient::new(config, &public_url, keys()).unwrap()
}

fn start(client: &GitHubClient) -> Start {
    client.start(LocalPath::parse("/p/atlas?view=gantt").unwrap(), noon()).unwrap()
}

/// A whole sign-in of whoever is at the browser.
async fn sign_in(fake: &FakeGitHub, client: &GitHubClient) -> Result<Arrival, SignInRefused> {
    let started = start(client);
    let callback = fake.visit(&started.url).await;
    client.finish(callback, Some(&started.cookie), noon()).await
}

async fn refusal(fake: &FakeGitHub, client: &GitHubClient) -> SignInRefused {
    sign_in(fake, client).await.unwrap_err()
}

#[tokio::test]
async fn a_person_comes_back_known_and_goes_where_it_was_going() {
    let account = Account { name: json!("Ana Lima"), ..ana() };
    let fake = FakeGitHub::start(account).await;

    let arrival = sign_in(&fake, &client_of(&fake.config(None))).await.unwrap();

    assert_eq!(arrival.profile.id, 101);
    assert_eq!(arrival.profile.login.as_str(), "ana");
    assert_eq!(arrival.profile.name.as_str(), "Ana Lima");
    assert_eq!(arrival.profile.avatar_url.as_deref(), Some("https://avatars.example/u/101"));
    assert_eq!(arrival.return_to.as_str(), "/p/atlas?view=gantt");
}

#[tokio::test]
async fn no_more_is_asked_for_than_is_needed() {
    let fake = FakeGitHub::start(ana()).await;
    let asked = |org| {
        let url = Url::parse(&start(&client_of(&fake.config(org))).url).unwrap();
        let value = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        (value("scope"), value("code_challenge_method"), value("redirect_uri"))
    };

    let callback = "https://tasks.example.org/auth/github/callback";
    let without_org = ("read:user".to_owned(), "S256".to_owned(), callback.to_owned());
    let with_org = ("read:user read:org".to_owned(), "S256".to_owned(), callback.to_owned());
    assert_eq!(asked(None), without_org);
    assert_eq!(asked(Some(ORG)), with_org);
}

#[tokio::test]
async fn a_sign_in_ends_only_in_the_browser_that_began_it() {
    let fake = FakeGitHub::start(ana()).await;
    let client = client_of(&fake.config(None));
    let (own, others) = (start(&client), start(&client));
    let came_back = fake.visit(&own.url).await;
    let other_keys = SessionKeys::derive(&Secret::new([8; 32]));
    let elsewhere = GitHubClient::new(
        &fake.config(None),
        &"https://tasks.example.org".parse().unwrap(),
        other_keys,
    );
    let foreign_cookie = start(&elsewhere.unwrap()).cookie;
    let with_state =
        |state: Option<&str>| Callback { state: state.map(str::to_owned), ..came_back.clone() };
    let right = came_back.state.clone().unwrap();
    let cut = &right[..right.len() - 1];

    for (case, callback, cookie) in [
        ("no cookie", came_back.clone(), None),
        ("an empty cookie", came_back.clone(), Some("")),
        ("another sign-in's cookie", came_back.clone(), Some(others.cookie.as_str())),
        ("another instance's cookie", came_back.clone(), Some(foreign_cookie.as_str())),
        ("a cut cookie", came_back.clone(), Some(&own.cookie[1..])),
        ("no state", with_state(None), Some(own.cookie.as_str())),
        ("an empty state", with_state(Some("")), Some(own.cookie.as_str())),
        ("a wrong state", with_state(Some("wrong")), Some(own.cookie.as_str())),
        ("a cut state", with_state(Some(cut)), Some(own.cookie.as_str())),
    ] {
        let refused = client.finish(callback, cookie, noon()).await.unwrap_err();
        assert_eq!(refused, SignInRefused::State, "{case}");
    }

    // None of them has used the code up.
    assert!(client.finish(came_back, Some(&own.cookie), noon()).await.is_ok());
}

#[tokio::test]
async fn a_sign_in_is_given_up_after_ten_minutes() {
    let fake = FakeGitHub::start(ana()).await;
    let client = client_of(&fake.config(None));
    let started = start(&client);
    let callback = fake.visit(&started.url).await;
    let after = |minutes, seconds| {
        let at = noon() + TimeDelta::minutes(minutes) + TimeDelta::seconds(seconds);
        client.finish(callback.clone(), Some(&started.cookie), at)
    };

    assert_eq!(after(10, 0).await.unwrap_err(), SignInRefused::State);
    assert!(after(9, 59).await.is_ok());
}

#[tokio::test]
async fn a_code_works_once() {
    let fake = FakeGitHub::start(ana()).await;
    let client = client_of(&fake.config(None));
    let started = start(&client);
    let callback = fake.visit(&started.url).await;

    let first = client.finish(callback.clone(), Some(&started.cookie), noon()).await;
    let again = client.finish(callback, Some(&started.cookie), noon()).await;

    assert!(first.is_ok());
    assert_eq!(again.unwrap_err(), SignInRefused::Code);
}

#[tokio::test]
async fn a_code_of_another_sign_in_is_worthless() {
    let fake = FakeGitHub::start(ana()).await;
    let client = client_of(&fake.config(None));
    let (own, others) = (start(&client), start(&client));
    let state = fake.visit(&own.url).await.state;
    let code = fake.visit(&others.url).await.code;

    let injected = Callback { code, state, error: None };
    let refused = client.finish(injected, Some(&own.cookie), noon()).await;

    assert_eq!(refused.unwrap_err(), SignInRefused::Code);
}

#[tokio::test]
async fn a_return_without_a_code_is_refused_for_its_reason() {
    let fake = FakeGitHub::start(ana()).await;
    let client = client_of(&fake.config(None));
    let started = start(&client);
    let callback = fake.visit(&started.url).await;
    let with = |error: Option<&str>| {
        let error = error.map(str::to_owned);
        client.finish(
            Callback { code: None, error, ..callback.clone() },
            Some(&started.cookie),
            noon(),
        )
    };

    assert_eq!(with(None).await.unwrap_err(), SignInRefused::Code);
    assert_eq!(with(Some("<b>odd</b>")).await.unwrap_err(), SignInRefused::Code);
    assert_eq!(with(Some("redirect_uri_mismatch")).await.unwrap_err(), SignInRefused::Setup);
    fake.says_no();
    assert_eq!(refusal(&fake, &client).await, SignInRefused::Denied);
}

#[tokio::test]
async fn a_wrong_secret_is_the_operators_matter() {
    let fake = FakeGitHub::start(ana()).await;
    let mut config = fake.config(None);
    config.client_secret = Secret::new("wrong".to_owned());

    assert_eq!(refusal(&fake, &client_of(&config)).await, SignInRefused::Setup);
}

#[tokio::test]
async fn whatever_goes_wrong_at_github_is_said_as_such() {
    let fake = FakeGitHub::start(ana()).await;
    fake.joins(101, ORG, "active");
    let client = client_of(&fake.config(Some(ORG)));
    let impatient = client.clone().with_patience(Duration::from_millis(300));

    for door in [Door::Token, Door::User, Door::Membership] {
        for mood in [
            Mood::Status(500),
            Mood::Status(503),
            Mood::Status(401),
            Mood::Says("<html>Unicorn!</html>"),
            Mood::Says("{}"),
            Mood::Says("[]"),
            Mood::Silent,
            Mood::Huge,
            Mood::Elsewhere,
            Mood::TooOften,
        ] {
            fake.misbehaves(door, mood);
            let client = if matches!(mood, Mood::Silent) { &impatient } else { &client };
            let refused = refusal(&fake, client).await;
            assert_eq!(refused, SignInRefused::GitHub, "{mood:?} at {door:?}");
        }
    }
    let poured = fake.poured();
    assert!(poured > 0 && poured < 100 * 1024 * 1024, "{poured} bytes were taken");
}

#[tokio::test]
async fn a_github_out_of_reach_is_said_as_such() {
    let fake = FakeGitHub::start(ana()).await;
    let mut config = fake.config(None);
    // Nobody listens at the discard port.
    config.api_url = "http://127.0.0.1:9".to_owned();

    assert_eq!(refusal(&fake, &client_of(&config)).await, SignInRefused::GitHub);
}

#[tokio::test]
async fn only_active_members_of_the_organisation_get_in() {
    let fake = FakeGitHub::start(ana()).await;
    let client = client_of(&fake.config(Some(ORG)));
    let not_member = SignInRefused::NotMember { org: ORG.to_owned() };

    assert_eq!(refusal(&fake, &client).await, not_member);
    fake.joins(101, "other", "active");
    assert_eq!(refusal(&fake, &client).await, not_member);
    fake.joins(101, ORG, "pending");
    assert_eq!(refusal(&fake, &client).await, not_member);
    fake.joins(101, ORG, "active");
    assert!(sign_in(&fake, &client).await.is_ok());

    // An organisation that keeps its members from this application.
    fake.misbehaves(Door::Membership, Mood::Status(403));
    assert_eq!(refusal(&fake, &client).await, not_member);
    assert!(not_member.to_string().contains(ORG));
}

#[tokio::test]
async fn an_organisation_cannot_lead_to_another_address() {
    let fake = FakeGitHub::start(ana()).await;
    fake.joins(101, "../../../user", "active");
    let client = client_of(&fake.config(Some("../../../user")));

    // Asked for as one segment, and so found under its own name.
    assert!(sign_in(&fake, &client).await.is_ok());
}

#[tokio::test]
async fn an_account_without_a_usable_login_or_number_is_refused() {
    let fake = FakeGitHub::start(ana()).await;
    let client = client_of(&fake.config(None));

    for account in [
        Account::new(101, ""),
        Account::new(101, "a login"),
        Account::new(101, "dependabot[bot]"),
        Account::new(101, &"a".repeat(40)),
        Account::new(0, "ana"),
        Account::new(-1, "ana"),
    ] {
        fake.sits_down(account.clone());
        assert_eq!(refusal(&fake, &client).await, SignInRefused::Account, "{account:?}");
    }
    fake.sits_down(Account::new(101, "ana_acme"));
    assert!(sign_in(&fake, &client).await.is_ok(), "an account that a company manages");
}

#[tokio::test]
async fn a_name_and_a_picture_are_kept_only_as_far_as_they_can_be_shown() {
    let fake = FakeGitHub::start(ana()).await;
    let client = client_of(&fake.config(None));

    for (name, shown) in [
        (Value::Null, "ana"),
        (json!(""), "ana"),
        (json!(" \n\t "), "ana"),
        (json!("  Ana\u{7}\n Lima\u{2028} "), "Ana Lima"),
        (json!("é".repeat(300)), &"é".repeat(200)),
    ] {
        fake.sits_down(Account { name: name.clone(), ..ana() });
        let arrival = sign_in(&fake, &client).await.unwrap();
        assert_eq!(arrival.profile.name.as_str(), shown, "{name}");
    }
    for avatar_url in
        [Value::Null, json!(""), json!("javascript:alert(1)"), json!("https://x/\" onerror=\"")]
    {
        fake.sits_down(Account { avatar_url: avatar_url.clone(), ..ana() });
        let arrival = sign_in(&fake, &client).await.unwrap();
        assert_eq!(arrival.profile.avatar_url, None, "{avatar_url}");
    }
}

/// Where this thread's log goes in the test below.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_is_logged_or_printed_whatever_happens() {
    let fake = FakeGitHub::start(ana()).await;
    let client = client_of(&fake.config(Some(ORG)));
    let impatient = client.clone().with_patience(Duration::from_millis(300));
    fake.joins(101, ORG, "active");
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let listening = tracing::subscriber::set_default(subscriber);
    let mut printed = vec![format!("{client:?}")];

    let mut cookies = Vec::new();
    for mood in [None, Some(Mood::Status(500)), Some(Mood::Says("{}")), Some(Mood::Silent)] {
        for door in [Door::Token, Door::User, Door::Membership] {
            if let Some(mood) = mood {
                fake.misbehaves(door, mood);
            }
            let started = start(&client);
            let callback = fake.visit(&started.url).await;
            printed.push(format!("{started:?} {callback:?}"));
            let client = if matches!(mood, Some(Mood::Silent)) { &impatient } else { &client };
            let outcome = client.finish(callback, Some(&started.cookie), noon()).await;
            printed.push(format!("{outcome:?}"));
            cookies.push(started.cookie);
        }
    }
    drop(listening);
    let printed = printed.join("\n");

    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(said.contains("GitHub does not answer as it should"), "nothing was logged: {said}");
    let mut secrets = fake.passed();
    assert!(secrets.len() > 20, "{secrets:?}");
    secrets.push(CLIENT_SECRET.to_owned());
    secrets.extend(cookies);
    // The fake and the browser are in this thread as well; the address they share has the code.
    let ours = said.lines().filter(|line| !line.contains("hyper") && !line.contains("reqwest"));
    let ours: String = ours.collect::<Vec<_>>().join("\n");
    for secret in secrets {
        assert!(!ours.contains(&secret), "{secret} is in the log:\n{ours}");
        assert!(!printed.contains(&secret), "{secret} is printed:\n{printed}");
    }
}
