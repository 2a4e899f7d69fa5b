//! The agents' side of the endpoint: the official client, and answers as an agent takes them.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use rmcp::model::{CallToolRequestParams, CallToolResult, ClientConfig, Implementation};
use rmcp::service::{RoleClient, RunningService, ServiceError};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ServiceExt as _, model};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::identity::TokenSecret;

/// Longer than the longest wait for events, so that only a lost server runs into it.
const REQUEST_LIMIT: Duration = Duration::from_mins(1);

/// Where the endpoint is.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    /// The address that leads to this process without a detour.
    pub(super) address: String,
    /// The host by which the server is known; it refuses others.
    pub(super) host: String,
}

/// A connected client.
pub(super) struct Client {
    service: RunningService<RoleClient, ClientConfig>,
}

/// What a tool said.
#[derive(Debug)]
pub(super) enum Answer<T> {
    /// It did what it was asked.
    Done(T),
    /// It refused, with one of the documented codes and a sentence that says what to do.
    Refused(Refusal),
}

/// Why a tool refused.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The whole text, `code: sentence. Next: what to do.`
    pub(super) text: String,
}

impl Refusal {
    /// The code, `lost_claim`.
    pub(super) fn code(&self) -> &str {
        self.text.split_once(':').map_or("", |(code, _)| code)
    }
}

/// The server could not answer: it is stopping, overloaded, or has lost its database.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Lost(String);

impl Client {
    /// Connects, as any client would.
    pub(super) async fn connect(
        endpoint: &Endpoint,
        secret: &TokenSecret,
        name: &str,
    ) -> Result<Self, Lost> {
        let host = HeaderValue::from_str(&endpoint.host).map_err(lost)?;
        let http = reqwest::Client::builder()
            .default_headers(HeaderMap::from_iter([(header::HOST, host)]))
            .timeout(REQUEST_LIMIT)
            // The endpoint is in this process, whatever proxy the environment names.
            .no_proxy()
            .build()
            .map_err(lost)?;
        let config = StreamableHttpClientTransportConfig::with_uri(endpoint.address.as_str())
            .auth_header(secret.expose());
        let transport = StreamableHttpClientTransport::with_client(http, config);
        let about = Implementation::new(name, env!("CARGO_PKG_VERSION"));
        let client = ClientConfig::new(model::ClientCapabilities::default(), about);
        Ok(Self { service: client.serve(transport).await.map_err(lost)? })
    }

    /// Calls a tool, and reads its answer as what is expected.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        tool: &'static str,
        arguments: Value,
    ) -> Result<Answer<T>, Lost> {
        let mut call = CallToolRequestParams::new(tool);
        if let Value::Object(arguments) = arguments {
            call = call.with_arguments(arguments);
        }
        match self.service.call_tool(call).await {
            Ok(result) if result.is_error == Some(true) => {
                let refusal = Refusal { text: text(&result) };
                // Not about the task: whoever begins again finds what it was holding.
                if ["busy", "internal", "rate_limited"].contains(&refusal.code()) {
                    return Err(Lost(refusal.text));
                }
                Ok(Answer::Refused(refusal))
            }
            Ok(result) => {
                let content = result.structured_content.unwrap_or_default();
                Ok(Answer::Done(serde_json::from_value(content).map_err(lost)?))
            }
            // Such as a tool that this server does not have.
            Err(ServiceError::McpError(error)) => {
                Ok(Answer::Refused(Refusal { text: format!("protocol: {}", error.message) }))
            }
            Err(error) => Err(lost(error)),
        }
    }

    /// Says good-bye.
    pub(super) async fn close(self) {
        // The server keeps no session: whether it hears of the end does not matter.
        let _ = self.service.cancel().await;
    }
}

fn text(result: &CallToolResult) -> String {
    let texts = result.content.iter().filter_map(|block| block.as_text());
    texts.map(|block| block.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn lost(error: impl std::fmt::Display) -> Lost {
    Lost(error.to_string())
}
