//! One request to GitHub: never redirected, and with an answer of bounded size.

use oauth2::{HttpRequest, HttpResponse};
use reqwest::redirect::Policy;
use thiserror::Error;

/// Many times what any answer has that we ask for.
const LARGEST: usize = 256 * 1024;

/// Why there is no answer. Its text has neither what was sent nor what came back.
#[derive(Debug, Error)]
pub(super) enum FetchError {
    /// Not reached, or cut off.
    #[error("{}", crate::error::chain(.0))]
    Http(#[from] reqwest::Error),
    /// More than anybody asked for.
    #[error("the answer is longer than {LARGEST} bytes")]
    TooLarge,
    /// Cannot be put together.
    #[error("the answer cannot be read: {0}")]
    Malformed(#[from] http::Error),
}

/// Sends requests to GitHub.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    client: reqwest::Client,
}

impl Fetch {
    pub(super) fn new() -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            // A redirect could carry a secret elsewhere.
            .redirect(Policy::none())
            // GitHub answers nobody who does not say who asks.
            .user_agent(concat!("Nottario/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client })
    }

    /// Sends a request and reads its answer, whatever its status.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let mut response = self.client.execute(request.try_into()?).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LARGEST {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            *headers = std::mem::take(response.headers_mut());
        }
        Ok(answer.body(body)?)
    }
}
