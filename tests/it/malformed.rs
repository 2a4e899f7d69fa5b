//! Bad input never breaks anything: 10,500 malformed requests over HTTP, from a fixed seed.
//!
//! None is a failure of ours, each refused argument is named, and nothing is written.

mod arguments;
mod raw;
mod requests;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use self::arguments::{BadArguments, Listed, listed};
use self::requests::{BadRequest, request, too_long};
use crate::served::{Answer, Client, TestServer, call_of};

const SEED: u64 = 20_261_122;
const BAD_ARGUMENTS: usize = 6_000;
const BAD_REQUESTS: usize = 4_500;
const TOO_LONG: usize = 12;
/// Enough that requests overlap; more would only queue.
const CALLERS: usize = 16;

/// The codes that a tool's refusal begins with, but for `internal` and `busy`: those are failures of ours.
const CODES: [&str; 10] = [
    "not_found",
    "forbidden",
    "invalid",
    "stale",
    "blocked",
    "not_ready",
    "taken",
    "lost_claim",
    "scope",
    "rate_limited",
];

/// A request of either sort.
enum Bad {
    Arguments(BadArguments),
    Request(BadRequest),
}

/// Everything that is sent, which depends on the seed and the tools alone.
fn generate(tools: &[Listed]) -> Vec<Bad> {
    eprintln!("seed {SEED}");
    let mut rng = StdRng::seed_from_u64(SEED);
    let mut all = Vec::new();
    for nth in 0..BAD_ARGUMENTS {
        all.push(Bad::Arguments(tools[nth % tools.len()].spoilt(&mut rng)));
    }
    all.extend((0..BAD_REQUESTS).map(|_| Bad::Request(request(&mut rng))));
    all.extend((0..TOO_LONG).map(|_| Bad::Request(too_long(&mut rng))));
    all
}

/// A server with two tasks, so that what names `ATL-1` is refused for another reason.
async fn served() -> (TestServer, Client) {
    let server = TestServer::start().await;
    let atlas = server.world.project("atlas").await;
    let client = server.client(&atlas.agent("bot").await);
    for title in ["first task", "second task"] {
        client.ok("tasks.create", json!({ "title": title })).await;
    }
    (server, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_malformed_request_breaks_or_writes_anything() {
    let (server, client) = served().await;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let tools: Value = client.post(list.to_string()).send().await.unwrap().json().await.unwrap();
    let all = Arc::new(generate(&listed(tools["result"]["tools"].as_array().unwrap())));
    assert!(all.len() > 10_000);
    let before = server.fingerprint().await;

    let next = Arc::new(AtomicUsize::new(0));
    let callers = (0..CALLERS).map(|_| {
        let (all, next, client) = (Arc::clone(&all), Arc::clone(&next), client.clone());
        tokio::spawn(async move {
            let mut wrong = Vec::new();
            while let Some(bad) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                let checked = match bad {
                    Bad::Arguments(bad) => check_arguments(&client, bad).await,
                    Bad::Request(bad) => check_request(&client, bad).await,
                };
                wrong.extend(checked.err());
            }
            wrong
        })
    });
    let mut wrong = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        wrong.extend(caller.await.unwrap());
    }

    let first = wrong.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(wrong.is_empty(), "seed {SEED}: {} wrong answers:\n\n{first}", wrong.len());
    assert_eq!(server.fingerprint().await, before, "a refused call wrote");
    client.ok("whoami", json!({})).await;
    server.stop().await;
}

/// What is wrong with an answer, unless this holds.
fn ensure(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(wrong()) }
}

/// A bad argument is refused, by its name.
async fn check_arguments(client: &Client, bad: &BadArguments) -> Result<(), String> {
    let shown = shortened(&format!("{} {}", bad.tool, bad.arguments));
    let body = call_of(&json!(1), &bad.tool, &bad.arguments).to_string();
    let response = client.post(body).send().await.map_err(|error| format!("{error:?}: {shown}"))?;
    let status = response.status();
    let text = response.text().await.map_err(|error| format!("{error:?}: {shown}"))?;
    ensure(status == 200, || format!("{status} {text}\nto {shown}"))?;
    let message: Value = serde_json::from_str(&text).unwrap_or_default();
    let answer = Answer::of(&message).ok_or_else(|| format!("{text}\nto {shown}"))?;
    ensure(answer.is_error, || format!("{} is wrong and was accepted: {shown}", bad.named))?;
    check_text(&answer.text, &shown)?;
    let is_named = answer.text.starts_with(&format!("invalid: {}", bad.named))
        // The refusal of a project is one of its own.
        || answer.text.starts_with("scope: ") && bad.named == "project_id"
        // What is looked up is named at the end, by the last part of its path.
        || answer.text.starts_with("not_found: ") && answer.text.contains(leaf(&bad.named));
    ensure(is_named, || format!("{} is not named: {}\nto {shown}", bad.named, answer.text))
}

fn leaf(path: &str) -> &str {
    let leaf = path.rsplit('.').next().unwrap_or(path);
    leaf.split('[').next().unwrap_or(leaf)
}

/// Anything else is answered, and not by a failure of ours.
async fn check_request(client: &Client, bad: &BadRequest) -> Result<(), String> {
    let shown = shortened(&format!("{}: {:?}", bad.what, String::from_utf8_lossy(&bad.body)));
    let mut request = client.request(bad.method.clone());
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("accept", "application/json, text/event-stream"),
        ("content-type", "application/json"),
        ("mcp-protocol-version", "2025-11-25"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in &bad.headers {
        if *name == "authorization" {
            request = client.without_token(bad.method.clone());
        }
        headers.remove(*name);
        if !value.is_empty() {
            headers.insert(*name, HeaderValue::from_bytes(value).unwrap());
        }
    }
    let sent = request.headers(headers).body(bad.body.clone()).send().await;
    let response = sent.map_err(|error| format!("{error:?}: {shown}"))?;
    let status = response.status();
    let text = response.text().await.map_err(|error| format!("{error:?}: {shown}"))?;
    ensure(!status.is_server_error(), || format!("{status} {text}\nto {shown}"))?;
    let message: Value = serde_json::from_str(&text).unwrap_or_default();
    let succeeded = message.get("result").is_some_and(|result| result["isError"] != true);
    ensure(!(bad.is_refused && succeeded), || format!("{status} {text}\nto {shown}"))?;
    ensure(message["error"]["code"] != -32603, || format!("{text}\nto {shown}"))?;
    match Answer::of(&message).filter(|answer| answer.is_error) {
        Some(answer) => check_text(&answer.text, &shown),
        None => Ok(()),
    }
}

fn check_text(text: &str, of: &str) -> Result<(), String> {
    let code = text.split(':').next().unwrap_or_default();
    ensure(CODES.contains(&code), || format!("{text}\nto {of}"))?;
    ensure(text.contains(". Next: "), || format!("no next step in {text}\nto {of}"))?;
    ensure(text.len() < 2_000, || format!("a refusal of {} bytes to {of}", text.len()))
}

fn shortened(text: &str) -> String {
    text.chars().take(600).collect()
}
