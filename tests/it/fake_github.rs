//! A GitHub that checks what the real one checks, and can be told to misbehave.
//!
//! It holds the application to its id, secret and callback address, a code to its one use and to
//! the verifier of its challenge, and a token to the scopes that the person granted.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nottario::config::{GitHub, Secret};
use nottario::identity::github::Callback;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::served::{TestServer, http};

/// The one application that it knows.
pub(crate) const CLIENT_ID: &str = "Iv1.nottario";
pub(crate) const CLIENT_SECRET: &str = "github-client-secret-marker";

/// A running fake.
pub(crate) struct FakeGitHub {
    address: SocketAddr,
    world: Arc<Mutex<World>>,
}

/// An account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: i64,
    pub(crate) login: String,
    pub(crate) name: Value,
    pub(crate) avatar_url: Value,
}

/// Where it can misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Door {
    Token,
    User,
    Membership,
}

/// How it can misbehave.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mood {
    /// Answers this status, and nothing to read.
    Status(u16),
    /// Answers this text, as if all were well.
    Says(&'static str),
    /// Never answers.
    Silent,
    /// Answers, and does not stop.
    Huge,
    /// Sends the asker, with its secrets, to a door that would answer well.
    Elsewhere,
    /// Says "forbidden" because it was asked too often.
    TooOften,
}

#[derive(Default)]
struct World {
    at_the_browser: Option<Account>,
    says_no: bool,
    /// What a person consented to, by code.
    grants: HashMap<String, Grant>,
    /// The same once the code was exchanged, by access token.
    tokens: HashMap<String, Grant>,
    memberships: HashMap<(String, i64), &'static str>,
    moods: HashMap<Door, Mood>,
    /// Every secret that passed, which nobody should find in a log.
    passed: Vec<String>,
    drawn: usize,
    /// How many bytes of endless answers were taken.
    poured: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Grant {
    account: Account,
    callback: String,
    challenge: String,
    scopes: Vec<String>,
}

type Shared = State<Arc<Mutex<World>>>;

impl Account {
    pub(crate) fn new(id: i64, login: &str) -> Self {
        let avatar_url = json!(format!("https://avatars.example/u/{id}"));
        Self { id, login: login.to_owned(), name: Value::Null, avatar_url }
    }
}

impl FakeGitHub {
    /// Starts it, with this account at the browser.
    pub(crate) async fn start(account: Account) -> Self {
        // Installs what TLS needs, for whoever asks it as a client.
        drop(http());
        let world = World { at_the_browser: Some(account), ..World::default() };
        let world = Arc::new(Mutex::new(world));
        let routes = Router::new()
            .route("/login/oauth/authorize", get(authorize))
            .route("/login/oauth/access_token", post(access_token))
            .route("/api/v3/user", get(user))
            .route("/api/v3/user/memberships/orgs/{org}", get(membership))
            .route("/elsewhere", any(elsewhere))
            .with_state(world.clone());
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(socket, routes).await });
        Self { address, world }
    }

    /// The configuration of an instance that relies on it.
    pub(crate) fn config(&self, org: Option<&str>) -> GitHub {
        let url = format!("http://{}", self.address);
        GitHub {
            client_id: CLIENT_ID.to_owned(),
            client_secret: Secret::new(CLIENT_SECRET.to_owned()),
            org: org.map(str::to_owned),
            api_url: format!("{url}/api/v3"),
            url,
        }
    }

    /// The same as settings.
    pub(crate) fn settings(&self, org: Option<&str>) -> Vec<(&'static str, String)> {
        let GitHub { client_id, client_secret, org, url, api_url } = self.config(org);
        vec![
            ("GITHUB_OAUTH_CLIENT_ID", client_id),
            ("GITHUB_OAUTH_CLIENT_SECRET", client_secret.expose().clone()),
            ("GITHUB_OAUTH_ORG", org.unwrap_or_default()),
            ("GITHUB_URL", url),
            ("GITHUB_API_URL", api_url),
        ]
    }

    /// A server of ours that relies on it, with these settings besides, or in place of its own.
    pub(crate) async fn server(&self, org: Option<&str>, settings: &[(&str, &str)]) -> TestServer {
        let own = self.settings(org);
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = settings.iter().copied().chain(own).collect();
        TestServer::with(&all).await
    }

    /// Puts another account at the browser.
    pub(crate) fn sits_down(&self, account: Account) {
        self.world().at_the_browser = Some(account);
    }

    /// The person refuses consent from now on.
    pub(crate) fn says_no(&self) {
        self.world().says_no = true;
    }

    /// The person consents again.
    pub(crate) fn says_yes(&self) {
        self.world().says_no = false;
    }

    /// Makes an account a member of an organisation: `active` or `pending`.
    pub(crate) fn joins(&self, id: i64, org: &str, state: &'static str) {
        self.world().memberships.insert((org.to_owned(), id), state);
    }

    /// Misbehaves at this door from now on, and only there.
    pub(crate) fn misbehaves(&self, door: Door, mood: Mood) {
        let mut world = self.world();
        world.moods.clear();
        world.moods.insert(door, mood);
    }

    /// Every code, token and verifier that it gave or was given.
    pub(crate) fn passed(&self) -> Vec<String> {
        self.world().passed.clone()
    }

    /// How many bytes of its endless answers were taken, together with what waits in the sockets.
    pub(crate) fn poured(&self) -> usize {
        self.world().poured.load(Ordering::Relaxed)
    }

    /// What the person's browser does: goes where it is sent, consents, and comes back.
    pub(crate) async fn visit(&self, url: &str) -> Callback {
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let answer = browser.build().unwrap().get(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap());
        let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        let query: HashMap<String, String> = back.query_pairs().into_owned().collect();
        Callback {
            code: query.get("code").cloned(),
            state: query.get("state").cloned(),
            error: query.get("error").cloned(),
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

impl World {
    fn draw(&mut self, kind: &str) -> String {
        self.drawn += 1;
        let secret = format!("{kind}-marker-{}", self.drawn);
        self.passed.push(secret.clone());
        secret
    }
}

#[derive(Deserialize)]
struct Authorize {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    #[serde(default)]
    scope: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
}

async fn authorize(State(world): Shared, Query(asked): Query<Authorize>) -> Response {
    let mut world = world.lock().unwrap();
    let is_right = asked.response_type == "code"
        && asked.client_id == CLIENT_ID
        && asked.redirect_uri.ends_with("/auth/github/callback")
        && asked.code_challenge_method == "S256";
    if !is_right {
        return (StatusCode::NOT_FOUND, "no such application").into_response();
    }
    let mut back = Url::parse(&asked.redirect_uri).unwrap();
    back.query_pairs_mut().append_pair("state", &asked.state);
    if world.says_no {
        back.query_pairs_mut().append_pair("error", "access_denied");
        return Redirect::to(back.as_str()).into_response();
    }
    let code = world.draw("code");
    let grant = Grant {
        account: world.at_the_browser.clone().unwrap(),
        callback: asked.redirect_uri,
        challenge: asked.code_challenge,
        scopes: asked.scope.split(' ').map(str::to_owned).collect(),
    };
    world.grants.insert(code.clone(), grant);
    back.query_pairs_mut().append_pair("code", &code);
    Redirect::to(back.as_str()).into_response()
}

#[derive(Deserialize)]
struct Exchange {
    grant_type: String,
    client_id: String,
    client_secret: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
}

async fn access_token(
    State(world): Shared,
    headers: HeaderMap,
    Form(asked): Form<Exchange>,
) -> Response {
    if let Some(answer) = misbehaviour(&world, Door::Token).await {
        return answer;
    }
    let mut world = world.lock().unwrap();
    world.passed.push(asked.code_verifier.clone());
    // As the real one: every refusal has status 200.
    let refuse = |error: &str| {
        Json(json!({ "error": error, "error_description": "…", "error_uri": "…" })).into_response()
    };
    if asked.client_id != CLIENT_ID || asked.client_secret != CLIENT_SECRET {
        return refuse("incorrect_client_credentials");
    }
    // Used up by any attempt.
    let Some(grant) = world.grants.remove(&asked.code) else {
        return refuse("bad_verification_code");
    };
    if grant.callback != asked.redirect_uri {
        return refuse("redirect_uri_mismatch");
    }
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(asked.code_verifier.as_bytes()));
    if asked.grant_type != "authorization_code" || challenge != grant.challenge {
        return refuse("bad_verification_code");
    }
    let (token, scope) = (world.draw("gho"), grant.scopes.join(","));
    world.tokens.insert(token.clone(), grant);
    if headers[header::ACCEPT] != "application/json" {
        return format!("access_token={token}&scope={scope}&token_type=bearer").into_response();
    }
    Json(json!({ "access_token": token, "scope": scope, "token_type": "bearer" })).into_response()
}

/// What the token in a request was granted; nothing for who does not say who asks.
fn granted(world: &World, headers: &HeaderMap) -> Option<Grant> {
    let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    headers.get(header::USER_AGENT).and_then(|_| world.tokens.get(token).cloned())
}

fn bad_credentials() -> Response {
    (StatusCode::UNAUTHORIZED, Json(json!({ "message": "Bad credentials" }))).into_response()
}

async fn user(State(world): Shared, headers: HeaderMap) -> Response {
    if let Some(answer) = misbehaviour(&world, Door::User).await {
        return answer;
    }
    match granted(&world.lock().unwrap(), &headers) {
        Some(Grant { account: Account { id, login, name, avatar_url }, .. }) => {
            let account = json!({
                "id": id, "login": login, "name": name, "avatar_url": avatar_url, "type": "User",
            });
            Json(account).into_response()
        }
        None => bad_credentials(),
    }
}

async fn membership(State(world): Shared, Path(org): Path<String>, headers: HeaderMap) -> Response {
    if let Some(answer) = misbehaviour(&world, Door::Membership).await {
        return answer;
    }
    let world = world.lock().unwrap();
    let Some(grant) = granted(&world, &headers) else { return bad_credentials() };
    if !grant.scopes.iter().any(|scope| scope == "read:org") {
        return (StatusCode::FORBIDDEN, "the scope read:org is missing").into_response();
    }
    match world.memberships.get(&(org, grant.account.id)) {
        Some(state) => Json(json!({ "state": state, "role": "member" })).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({ "message": "Not Found" }))).into_response(),
    }
}

/// Answers every question well, to whoever follows a redirect.
async fn elsewhere() -> Json<Value> {
    Json(json!({
        "access_token": "elsewhere", "token_type": "bearer", "state": "active",
        "id": 1, "login": "elsewhere",
    }))
}

async fn misbehaviour(world: &Mutex<World>, door: Door) -> Option<Response> {
    let (mood, poured) = {
        let world = world.lock().unwrap();
        (world.moods.get(&door).copied()?, world.poured.clone())
    };
    Some(misbehave(mood, poured).await)
}

async fn misbehave(mood: Mood, poured: Arc<AtomicUsize>) -> Response {
    match mood {
        Mood::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Mood::Says(text) => text.into_response(),
        Mood::Silent => std::future::pending().await,
        Mood::Huge => {
            const PIECE: usize = 65536;
            let spaces = futures_util::stream::repeat_with(move || {
                poured.fetch_add(PIECE, Ordering::Relaxed);
                Ok::<_, String>(" ".repeat(PIECE))
            });
            axum::body::Body::from_stream(spaces).into_response()
        }
        Mood::Elsewhere => Redirect::temporary("/elsewhere").into_response(),
        Mood::TooOften => (StatusCode::FORBIDDEN, [("x-ratelimit-remaining", "0")]).into_response(),
    }
}
