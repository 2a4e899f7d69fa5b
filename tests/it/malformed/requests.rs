//! Bad requests of every other kind: bodies, headers and methods that the endpoint has to bear.
//!
//! What is not sure to be refused is made from a call that only reads.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _};
use reqwest::Method;
use serde_json::{Value, json};

use super::arguments::{anything, words};

/// A request to send.
#[derive(Clone, Debug)]
pub(crate) struct BadRequest {
    /// What is wrong with it.
    pub(crate) what: &'static str,
    pub(crate) method: Method,
    /// In place of the header of that name that every client sends; empty leaves it out.
    pub(crate) headers: Vec<(&'static str, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// Whether it is sure that no call is carried out.
    pub(crate) is_refused: bool,
}

impl BadRequest {
    fn new(what: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let (method, headers) = (Method::POST, Vec::new());
        Self { what, method, headers, body: body.into(), is_refused: true }
    }

    /// One that may be carried out after all, which only reads.
    fn perhaps(what: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { is_refused: false, ..Self::new(what, body) }
    }

    fn with(mut self, header: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((header, value.into()));
        self
    }
}

fn reading(rng: &mut StdRng) -> Value {
    let calls = [
        json!({ "name": "whoami" }),
        json!({ "name": "tasks.list", "arguments": { "limit": 2, "q": "task" } }),
        json!({ "name": "tasks.get", "arguments": { "task_id": "ATL-1", "include": ["comments"] } }),
        json!({ "name": "cycles.get", "arguments": { "cycle_id": "sprint-1" } }),
    ];
    let params = calls.choose(rng).unwrap();
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params })
}

/// A request that is wrong in some way, chosen and made at random.
pub(crate) fn request(rng: &mut StdRng) -> BadRequest {
    match rng.random_range(0..100) {
        0..30 => spoilt_bytes(rng),
        30..55 => wrong_shape(rng),
        55..65 => wrong_method(rng),
        65..72 => deep(rng),
        72..77 => batch(rng),
        77..97 => wrong_headers(rng),
        _ => wrong_http_method(rng),
    }
}

/// A body that is longer than any may be.
pub(crate) fn too_long(rng: &mut StdRng) -> BadRequest {
    let mut message = reading(rng);
    message["params"]["arguments"] = json!({ "q": "x".repeat(2 * 1024 * 1024) });
    BadRequest::new("2 MiB", message.to_string())
}

fn spoilt_bytes(rng: &mut StdRng) -> BadRequest {
    let mut bytes = reading(rng).to_string().into_bytes();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..bytes.len());
        match rng.random_range(0..4) {
            0 => bytes[at] = rng.random(),
            1 => bytes.insert(at, rng.random()),
            2 => bytes[at] = b' ',
            _ => bytes.truncate(at.max(10)),
        }
    }
    BadRequest::perhaps("spoilt bytes", bytes)
}

fn wrong_shape(rng: &mut StdRng) -> BadRequest {
    let mut message = reading(rng);
    for _ in 0..rng.random_range(1..3) {
        let place = ["/jsonrpc", "/id", "/method", "/params", "/params/name", "/params/arguments"];
        let value = anything(rng, 2);
        match message.pointer_mut(place.choose(rng).unwrap()) {
            Some(member) => *member = value,
            None => message[words(rng)] = value,
        }
    }
    BadRequest::perhaps("wrong shape", message.to_string())
}

fn wrong_method(rng: &mut StdRng) -> BadRequest {
    const METHODS: [&str; 16] = [
        "tools/cal",
        "tools",
        "",
        "rpc.discover",
        "initialize",
        "ping",
        "resources/read",
        "resources/subscribe",
        "prompts/get",
        "completion/complete",
        "logging/setLevel",
        "notifications/cancelled",
        "notifications/initialized",
        "sampling/createMessage",
        "server/discover",
        "tasks/result",
    ];
    let method =
        if rng.random_ratio(1, 4) { words(rng) } else { (*METHODS.choose(rng).unwrap()).into() };
    let mut message = json!({ "jsonrpc": "2.0", "method": method, "params": anything(rng, 3) });
    if rng.random() {
        message["id"] = anything(rng, 0);
    }
    BadRequest::perhaps("wrong method", message.to_string())
}

fn deep(rng: &mut StdRng) -> BadRequest {
    let depth = *[60, 126, 127, 128, 129, 1_000, 50_000].choose(rng).unwrap();
    let (open, close) = *[("[", "]"), ("{\"a\":", "}")].choose(rng).unwrap();
    let core = if open == "[" { "" } else { "1" };
    let value = format!("{}{core}{}", open.repeat(depth), close.repeat(depth));
    let message = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "tasks.create", "arguments": { "title": "deep", "description": "@" } },
    });
    BadRequest::new("deep", message.to_string().replace("\"@\"", &value))
}

fn batch(rng: &mut StdRng) -> BadRequest {
    let create = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "tasks.create", "arguments": { "title": "in a batch" } },
    });
    let messages = vec![create; rng.random_range(0..40)];
    BadRequest::new("batch", json!(messages).to_string())
}

fn wrong_headers(rng: &mut StdRng) -> BadRequest {
    let body = reading(rng).to_string();
    let odd: Vec<u8> =
        (0..rng.random_range(0..40)).map(|_| rng.random_range(0x80..=0xFF)).collect();
    let long = vec![b'x'; rng.random_range(1_000..40_000)];
    match rng.random_range(0..12) {
        0 => BadRequest::new("no token", body).with("authorization", ""),
        1 => BadRequest::new("odd token", body)
            .with("authorization", [b"Bearer ", &odd[..]].concat()),
        2 => BadRequest::new("long token", body)
            .with("authorization", [b"Bearer ", &long[..]].concat()),
        3 => BadRequest::new("wrong token", body)
            .with("authorization", format!("Bearer ntr_{:050}", rng.next_u64())),
        4 => BadRequest::new("foreign origin", body).with("origin", "https://elsewhere.example"),
        5 => BadRequest::new("foreign host", body).with("host", "elsewhere.example"),
        6 => BadRequest::perhaps("odd content type", body).with(
            "content-type",
            *[
                "",
                "text/plain",
                "application/x-www-form-urlencoded",
                "application/json; charset=utf-16",
                ";;;",
            ]
            .choose(rng)
            .unwrap(),
        ),
        7 => BadRequest::perhaps("odd accept", body).with(
            "accept",
            *["", "text/html", "text/event-stream", ",,;q=x", "*/*;q=0"].choose(rng).unwrap(),
        ),
        8 => BadRequest::perhaps("odd revision", body).with(
            "mcp-protocol-version",
            *["", "1999-01-01", "x", "2024-11-05, 2025-11-25"].choose(rng).unwrap(),
        ),
        9 => BadRequest::perhaps("odd session", body).with("mcp-session-id", odd),
        10 => BadRequest::perhaps("compressed by its word", body).with("content-encoding", "gzip"),
        _ => BadRequest::perhaps("newest revision without its members", body)
            .with("mcp-protocol-version", "2026-07-28")
            .with(
                "mcp-method",
                words(rng)
                    .into_bytes()
                    .into_iter()
                    .filter(|b| *b >= 0x20 && *b != 0x7F)
                    .collect::<Vec<_>>(),
            ),
    }
}

fn wrong_http_method(rng: &mut StdRng) -> BadRequest {
    let names = [&b"GET"[..], b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"HEAD", b"TRACE", b"BREW"];
    let method = Method::from_bytes(names.choose(rng).unwrap()).unwrap();
    let request = BadRequest::new("HTTP method", reading(rng).to_string());
    BadRequest { method, ..request }
}
