//! Sign-in with GitHub: where to send a browser, and what to make of its return.
//!
//! A sign-in is bound to the browser that began it: a sealed cookie holds the state that GitHub has
//! to hand back, the verifier without which the code is worthless, and where the person was going.
//! Codes and access tokens are used once, kept nowhere, and logged nowhere.

mod fetch;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, Method, StatusCode, header};
use oauth2::basic::{BasicClient, BasicErrorResponseType};
use oauth2::url::Url;
use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, TokenResponse as _, TokenUrl,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tokio::time::timeout;

use super::keys::SessionKeys;
use super::local_path::LocalPath;
use super::refused::SignInRefused;
use super::seal::Sealable;
use super::users::{Login, Profile};
use crate::config::{self, PublicUrl};
use crate::error::{Error, Result};
use crate::text::Line;
use fetch::{Fetch, FetchError};

/// Where GitHub sends browsers back to, on this instance.
pub const CALLBACK_PATH: &str = "/auth/github/callback";

/// How long a person may take at GitHub.
pub const LASTS: TimeDelta = TimeDelta::minutes(10);

/// How long all questions to GitHub together may take: enough for a slow day there, and not too
/// much for a person who waits.
const PATIENCE: Duration = Duration::from_secs(10);

type OAuth = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// This instance as an application at GitHub.
#[derive(Clone, Debug)]
pub struct GitHubClient {
    oauth: OAuth,
    fetch: Fetch,
    api: Url,
    org: Option<String>,
    keys: SessionKeys,
    patience: Duration,
}

/// The beginning of a sign-in.
#[derive(Clone)]
pub struct Start {
    /// Where at GitHub the browser is to go.
    pub url: String,
    /// What the browser is to keep in a cookie for [`LASTS`], and to bring back.
    pub cookie: String,
}

/// The query with which GitHub sends a browser back.
#[derive(Clone, Default, Deserialize)]
pub struct Callback {
    /// Stands for the person's consent; worth something once.
    pub code: Option<String>,
    /// What this instance has sent along.
    pub state: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

/// A person who came back from GitHub and may come in.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Who it is.
    pub profile: Profile,
    /// Where the person was going.
    pub return_to: LocalPath,
}

/// What a sign-in needs to remember, in the browser that began it.
#[derive(Serialize, Deserialize)]
struct Begun {
    state: String,
    verifier: String,
    return_to: LocalPath,
}

impl Sealable for Begun {
    const PURPOSE: &'static str = "github sign-in";
    const LASTS: TimeDelta = LASTS;
}

impl GitHubClient {
    /// The application that the configuration describes.
    pub fn new(github: &config::GitHub, public_url: &PublicUrl, keys: SessionKeys) -> Result<Self> {
        let config::GitHub { client_id, client_secret, org, url, api_url } = github;
        let authorize = AuthUrl::new(format!("{url}/login/oauth/authorize"));
        let exchange = TokenUrl::new(format!("{url}/login/oauth/access_token"));
        let callback = RedirectUrl::new(format!("{public_url}{CALLBACK_PATH}"));
        let oauth = BasicClient::new(ClientId::new(client_id.clone()))
            .set_client_secret(ClientSecret::new(client_secret.expose().clone()))
            // As GitHub's manual has it.
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(authorize.map_err(Error::internal)?)
            .set_token_uri(exchange.map_err(Error::internal)?)
            .set_redirect_uri(callback.map_err(Error::internal)?);
        Ok(Self {
            oauth,
            fetch: Fetch::new().map_err(Error::internal)?,
            api: Url::parse(api_url).map_err(Error::internal)?,
            org: org.clone(),
            keys,
            patience: PATIENCE,
        })
    }

    /// The same application with another patience.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The organisation whose active members get in, when it is not everybody.
    #[must_use]
    pub fn org(&self) -> Option<&str> {
        self.org.as_deref()
    }

    /// Begins a sign-in, after which the person goes on to `return_to`.
    pub fn start(&self, return_to: LocalPath, now: DateTime<Utc>) -> Result<Start> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = self
            .oauth
            .authorize_url(CsrfToken::new_random)
            .set_pkce_challenge(challenge)
            .add_scope(Scope::new("read:user".to_owned()));
        let request = match self.org {
            Some(_) => request.add_scope(Scope::new("read:org".to_owned())),
            None => request,
        };
        let (url, state) = request.url();
        let begun =
            Begun { state: state.into_secret(), verifier: verifier.into_secret(), return_to };
        Ok(Start { url: url.into(), cookie: self.keys.seal(&begun, now)? })
    }

    /// Ends a sign-in: asks GitHub who came back, and whether that person may come in.
    ///
    /// `cookie` is what [`start`](Self::start) gave this browser; it is worthless from now on and
    /// is to be removed, whatever the outcome.
    pub async fn finish(
        &self,
        callback: Callback,
        cookie: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Arrival, SignInRefused> {
        let begun: Begun =
            cookie.and_then(|text| self.keys.unseal(text, now)).ok_or(SignInRefused::State)?;
        let state = callback.state.unwrap_or_default();
        if !bool::from(begun.state.as_bytes().ct_eq(state.as_bytes())) {
            return Err(SignInRefused::State);
        }
        match callback.error.as_deref() {
            None => {}
            Some("access_denied") => return Err(SignInRefused::Denied),
            Some(error) => return Err(refused_by_github(error)),
        }
        let code = callback.code.ok_or(SignInRefused::Code)?;
        let profile = timeout(self.patience, self.ask_who_it_is(code, begun.verifier))
            .await
            .unwrap_or_else(|_| Err(trouble("sign-in", "it takes too long")))?;
        Ok(Arrival { profile, return_to: begun.return_to })
    }

    async fn ask_who_it_is(
        &self,
        code: String,
        verifier: String,
    ) -> Result<Profile, SignInRefused> {
        let token = self.exchange(code, verifier).await?;
        let profile = self.profile(&token).await?;
        if let Some(org) = &self.org {
            self.require_member(&token, org).await?;
        }
        Ok(profile)
    }

    async fn exchange(&self, code: String, verifier: String) -> Result<AccessToken, SignInRefused> {
        let send = |request| {
            // Its own, because a future that borrows it could not move between threads.
            let fetch = self.fetch.clone();
            async move { fetch.send(request).await }
        };
        let answer = self
            .oauth
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&send)
            .await;
        match answer {
            Ok(answer) => Ok(answer.access_token().clone()),
            Err(RequestTokenError::ServerResponse(refusal)) => {
                Err(refused_by_github(error_name(refusal.error())))
            }
            // GitHub says no with status 200. The parser's words could quote a token.
            Err(RequestTokenError::Parse(_, body)) => {
                match serde_json::from_slice::<Refusal>(&body) {
                    Ok(refusal) => Err(refused_by_github(&refusal.error)),
                    Err(_) => Err(trouble("access token", "the answer cannot be understood")),
                }
            }
            Err(RequestTokenError::Request(error)) => Err(trouble("access token", error)),
            Err(RequestTokenError::Other(_)) => {
                Err(trouble("access token", "the answer is a failure"))
            }
        }
    }

    async fn profile(&self, token: &AccessToken) -> Result<Profile, SignInRefused> {
        let answer = self.ask(token, &["user"]).await.map_err(|error| trouble("user", error))?;
        let person: Person = understand("user", &answer)?;
        let login: Login = person.login.parse().map_err(|_| SignInRefused::Account)?;
        if person.id <= 0 {
            return Err(SignInRefused::Account);
        }
        let name = person.name.as_deref().and_then(presentable);
        let name = name.or_else(|| presentable(login.as_str())).ok_or(SignInRefused::Account)?;
        Ok(Profile {
            id: person.id,
            login,
            name,
            avatar_url: person.avatar_url.filter(|url| is_picture(url)),
        })
    }

    async fn require_member(&self, token: &AccessToken, org: &str) -> Result<(), SignInRefused> {
        let answer = self
            .ask(token, &["user", "memberships", "orgs", org])
            .await
            .map_err(|error| trouble("membership", error))?;
        let not_member = || SignInRefused::NotMember { org: org.to_owned() };
        match answer.status() {
            StatusCode::NOT_FOUND => return Err(not_member()),
            // What the organisation keeps from this application is not known to us either.
            StatusCode::FORBIDDEN if !is_rate_limit(answer.headers()) => return Err(not_member()),
            _ => {}
        }
        let membership: Membership = understand("membership", &answer)?;
        if membership.state != "active" {
            return Err(not_member());
        }
        Ok(())
    }

    /// Asks GitHub's API something in the person's name.
    async fn ask(&self, token: &AccessToken, path: &[&str]) -> Result<HttpResponse, FetchError> {
        let mut url = self.api.clone();
        // Never fails: an address with http in front has segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let request = http::Request::builder()
            .method(Method::GET)
            .uri(url.as_str())
            .header(header::ACCEPT, "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
            .header(header::AUTHORIZATION, format!("Bearer {}", token.secret()))
            .body(Vec::new())?;
        self.fetch.send(request).await
    }
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Callback(…)")
    }
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Start(…)")
    }
}

/// How GitHub says no.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// The part of a person's account that we look at.
#[derive(Deserialize)]
struct Person {
    id: i64,
    login: String,
    name: Option<String>,
    avatar_url: Option<String>,
}

/// The part of a membership that we look at.
#[derive(Deserialize)]
struct Membership {
    state: String,
}

fn understand<T: DeserializeOwned>(
    what: &'static str,
    answer: &HttpResponse,
) -> Result<T, SignInRefused> {
    if answer.status() != StatusCode::OK {
        return Err(trouble(what, format_args!("the answer has status {}", answer.status())));
    }
    serde_json::from_slice(answer.body())
        .map_err(|_| trouble(what, "the answer cannot be understood"))
}

/// An error by GitHub's name: of the person's code, or of the application.
fn refused_by_github(error: &str) -> SignInRefused {
    match error {
        "incorrect_client_credentials"
        | "invalid_client"
        | "unauthorized_client"
        | "redirect_uri_mismatch"
        | "application_suspended" => {
            tracing::error!(
                error,
                "GitHub does not accept this server; check GITHUB_OAUTH_CLIENT_ID, \
                 GITHUB_OAUTH_CLIENT_SECRET, and that the application's callback address at GitHub \
                 is PUBLIC_URL with {CALLBACK_PATH} behind it"
            );
            SignInRefused::Setup
        }
        _ => SignInRefused::Code,
    }
}

fn error_name(error: &BasicErrorResponseType) -> &str {
    error.as_ref()
}

fn trouble(what: &'static str, error: impl std::fmt::Display) -> SignInRefused {
    tracing::warn!(what, %error, "GitHub does not answer as it should");
    SignInRefused::GitHub
}

/// GitHub says "forbidden" also when it is asked too often.
fn is_rate_limit(headers: &HeaderMap) -> bool {
    headers.contains_key(header::RETRY_AFTER)
        || headers.get("x-ratelimit-remaining").is_some_and(|left| left == "0")
}

/// A name as a line that fits; nothing when nothing of it is left.
fn presentable(name: &str) -> Option<Line<200>> {
    let visible: String =
        name.chars().filter(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')).collect();
    let fitting: String = visible.trim().chars().take(200).collect();
    Line::parse(&fitting).ok()
}

/// An address that can stand in a page as a picture's.
fn is_picture(url: &str) -> bool {
    url.len() <= 500
        && (url.starts_with("https://") || url.starts_with("http://"))
        && url.bytes().all(|byte| byte.is_ascii_graphic())
}
