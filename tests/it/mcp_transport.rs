//! The endpoint as clients of all kinds meet it: tokens, headers, revisions of the protocol, limits.

use std::num::NonZeroU32;

use futures_util::future::join_all;
use nottario::config::ToolNames;
use nottario::mcp::{self, limits::Limits};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::mcp_server::{Server, client, serve, serve_with};

fn whoami() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}})
}

async fn with_authorization(server: &Server, value: Option<&str>) -> Response {
    let mut request = client()
        .post(format!("http://{}/mcp", server.address))
        .header("accept", "application/json, text/event-stream")
        .json(&whoami());
    if let Some(value) = value {
        request = request.header("authorization", value);
    }
    request.send().await.unwrap()
}

async fn reason(response: Response) -> String {
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.headers()["www-authenticate"], r#"Bearer realm="nottario""#);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], "unauthorized");
    assert!(body["message"].is_string() && body["next"].is_string());
    body["reason"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_request_without_a_live_token_is_told_which_and_what_to_do() {
    let server = serve().await;
    let token = server.agent.token.clone();
    let cut = &token[..token.len() - 1];
    let unknown = nottario::identity::TokenSecret::fresh();

    for (authorization, expected) in [
        (None, "missing"),
        (Some("Bearer".to_owned()), "malformed"),
        (Some("Bearer ".to_owned()), "malformed"),
        (Some(format!("Basic {token}")), "malformed"),
        (Some(format!("Bearer {cut}")), "malformed"),
        (Some(format!("Bearer {}", unknown.expose())), "revoked"),
    ] {
        let response = with_authorization(&server, authorization.as_deref()).await;
        assert_eq!(reason(response).await, expected, "{authorization:?}");
    }
    let scheme_in_any_case = with_authorization(&server, Some(&format!("bearer {token}"))).await;
    assert_eq!(scheme_in_any_case.status(), 200);
}

#[tokio::test]
async fn a_token_in_the_address_or_a_cookie_is_refused() {
    let server = serve().await;
    let token = &server.agent.token;

    for query in [format!("token={token}"), format!("access_token={token}")] {
        let response = client()
            .post(format!("http://{}/mcp?{query}", server.address))
            .bearer_auth(token)
            .json(&whoami())
            .send()
            .await
            .unwrap();
        assert_eq!(reason(response).await, "malformed");
    }
    let cookie = client()
        .post(format!("http://{}/mcp", server.address))
        .header("cookie", format!("token={token}; session={token}"))
        .json(&whoami())
        .send()
        .await
        .unwrap();
    assert_eq!(reason(cookie).await, "missing");
}

#[tokio::test]
async fn a_revoked_token_is_refused_by_the_very_next_call() {
    let server = serve().await;
    server.agent.ok("whoami", json!({})).await;

    let revoke =
        format!("update tokens set revoked_at = now() where id = '{}'", server.agent.token_id);
    server.world.run(revoke).await;

    let response = server.agent.request(&whoami()).send().await.unwrap();
    assert_eq!(reason(response).await, "revoked");
}

#[tokio::test]
async fn the_use_of_a_token_is_noted() {
    let server = serve().await;
    let used = "select count(last_used_at) from tokens";
    assert_eq!(server.world.number(used).await, 0);

    server.agent.ok("whoami", json!({})).await;
    assert_eq!(server.world.number(used).await, 1);
}

#[tokio::test]
async fn every_revision_and_order_of_first_calls_works() {
    let server = serve().await;
    for version in ["2025-06-18", "2025-11-25"] {
        let params = json!({
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        });
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params});
        let response = client()
            .post(format!("http://{}/mcp", server.address))
            .bearer_auth(&server.agent.token)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{version}");
        assert!(response.headers().get("mcp-session-id").is_none(), "no session is kept");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["result"]["protocolVersion"], version);
        assert_eq!(answer["result"]["serverInfo"]["name"], "nottario");
        assert!(answer["result"]["instructions"].as_str().unwrap().contains("claim_next"));
        assert!(answer["result"]["capabilities"]["tools"].is_object());

        for session in [None, Some("made-up-by-the-client")] {
            let mut request = client()
                .post(format!("http://{}/mcp", server.address))
                .header("mcp-protocol-version", version)
                .bearer_auth(&server.agent.token)
                .json(&json!({"jsonrpc": "2.0", "id": "a", "method": "tools/list"}));
            if let Some(session) = session {
                request = request.header("mcp-session-id", session);
            }
            let answer: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["id"], "a");
            assert!(answer["result"]["tools"].as_array().unwrap().len() > 5);
        }
    }

    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(server.agent.request(&notification).send().await.unwrap().status(), 202);
}

#[tokio::test]
async fn the_revision_without_a_handshake_works() {
    let server = serve().await;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    for (method, params, name) in [
        ("server/discover", json!({"_meta": meta}), None),
        ("tools/list", json!({"_meta": meta}), None),
        (
            "tools/call",
            json!({"_meta": meta, "name": "nottario_whoami", "arguments": {}}),
            Some("nottario_whoami"),
        ),
    ] {
        let mut request = client()
            .post(format!("http://{}/mcp", server.address))
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method)
            .bearer_auth(&server.agent.token)
            .json(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}));
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert_eq!(status, 200, "{method}: {answer}");
        assert!(answer["result"].is_object(), "{method}: {answer}");
    }
}

#[tokio::test]
async fn clients_that_accept_anything_get_json() {
    let server = serve().await;
    for accept in [
        None,
        Some("*/*"),
        Some("application/json"),
        Some("application/json, text/event-stream"),
        Some("text/event-stream;q=0.5, application/*"),
    ] {
        for path in ["/mcp", "/mcp/"] {
            let mut request = client()
                .post(format!("http://{}{path}", server.address))
                .bearer_auth(&server.agent.token)
                .json(&whoami());
            if let Some(accept) = accept {
                request = request.header("accept", accept);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 200, "{accept:?} {path}");
            assert_eq!(response.headers()["content-type"], "application/json");
        }
    }
}

#[tokio::test]
async fn other_methods_and_paths_are_not_there() {
    let server = serve().await;
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let response = client()
            .request(method.clone(), format!("http://{}/mcp", server.address))
            .header("accept", "text/event-stream")
            .bearer_auth(&server.agent.token)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 405, "{method}");
    }
    let below = client()
        .post(format!("http://{}/mcp/sse", server.address))
        .bearer_auth(&server.agent.token)
        .json(&whoami())
        .send()
        .await
        .unwrap();
    assert_eq!(below.status(), 404);
}

#[tokio::test]
async fn a_foreign_host_or_origin_is_refused() {
    let server = serve().await;
    let own = format!("http://{}", server.address);
    for (header, value, expected) in [
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("origin", "http://127.0.0.1.evil.example", 403),
        ("origin", own.as_str(), 200),
        ("origin", "http://localhost:6274", 200),
        ("host", "evil.example", 403),
        ("host", "localhost:1234", 200),
    ] {
        let response = server.agent.request(&whoami()).header(header, value).send().await.unwrap();
        assert_eq!(response.status(), expected, "{header}: {value}");
    }
}

#[tokio::test]
async fn what_is_no_message_is_refused_in_the_protocols_words() {
    let server = serve().await;
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    for (body, code) in [
        ("", -32700),
        ("{", -32700),
        ("nonsense", -32700),
        (deep.as_str(), -32700),
        ("[]", -32600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]"#, -32600),
        ("1", -32600),
        ("{}", -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"tools/list"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"tools/list"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, -32600),
    ] {
        let response = client()
            .post(format!("http://{}/mcp", server.address))
            .header("content-type", "application/json")
            .bearer_auth(&server.agent.token)
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 400, "{body:.60}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["error"]["code"], code, "{body:.60}");
    }

    for (method, params, code) in [
        ("tools/drop", json!({}), -32601),
        ("tools/call", json!({}), -32602),
        ("tools/call", json!({"name": 5}), -32602),
        ("tools/call", json!({"name": "whoami", "arguments": "x"}), -32602),
        ("tools/call", json!({"name": "whoami", "arguments": [1]}), -32602),
        ("tools/list", json!({"cursor": "x"}), -32602),
    ] {
        let answer = server.agent.rpc(method, params.clone()).await;
        assert_eq!(answer["error"]["code"], code, "{method} {params}: {answer}");
    }
}

#[tokio::test]
async fn a_body_may_have_one_mebibyte() {
    let server = serve().await;
    let body = |length: usize| {
        let shell = r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"pad":""}}"#;
        shell.replace(r#""""#, &format!("\"{}\"", "x".repeat(length - shell.len())))
    };
    for (length, expected) in [(1024 * 1024, 200), (1024 * 1024 + 1, 413)] {
        let response = client()
            .post(format!("http://{}/mcp", server.address))
            .header("content-type", "application/json")
            .bearer_auth(&server.agent.token)
            .body(body(length))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), expected, "{length}");
    }
}

#[tokio::test]
async fn a_token_that_calls_too_fast_is_told_when_to_come_again() {
    let few = NonZeroU32::new(3).unwrap();
    let limits = Limits { calls_per_second: NonZeroU32::MIN, burst: few, ..Limits::lifted() };
    let server = serve_with(mcp::tools(), limits, ToolNames::Underscore).await;
    let other = server.other_project("borealis").await;

    let calls = (0..20).map(|_| server.agent.request(&whoami()).send());
    let statuses: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();

    let refused: Vec<_> = statuses.iter().filter(|response| response.status() == 429).collect();
    assert!(refused.len() >= 10, "{} of 20", refused.len());
    for response in refused {
        let seconds: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!(seconds >= 1);
    }
    assert_eq!(other.request(&whoami()).send().await.unwrap().status(), 200, "another's count");
}

#[tokio::test]
async fn failed_tokens_are_counted_by_address_and_hold_no_right_one_back() {
    let limits =
        Limits { failed_tokens_per_minute: NonZeroU32::new(3).unwrap(), ..Limits::lifted() };
    let server = serve_with(mcp::tools(), limits, ToolNames::Underscore).await;
    let fail = async |from: &str| {
        let request = client()
            .post(format!("http://{}/mcp", server.address))
            .header("x-forwarded-for", from)
            .json(&whoami());
        request.send().await.unwrap().status().as_u16()
    };

    for _ in 0..3 {
        assert_eq!(fail("203.0.113.7").await, 401);
    }
    assert_eq!(fail("203.0.113.7").await, 429);
    assert_eq!(fail("198.51.100.1, 203.0.113.7").await, 429, "the address it cannot choose");
    assert_eq!(fail("203.0.113.8").await, 401);

    let right = server.agent.request(&whoami()).header("x-forwarded-for", "203.0.113.7");
    assert_eq!(right.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn without_the_database_a_request_fails_fast_with_503() {
    let server = serve().await;
    server.world.pool.close().await;

    let response = server.agent.request(&whoami()).send().await.unwrap();

    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], "unavailable");
    assert!(!body.to_string().contains("pool"), "{body}");
}

#[tokio::test]
async fn answers_with_the_same_request_id_never_mix() {
    let server = serve().await;
    let other = server.other_project("borealis").await;
    let calls = (0..100).map(|number| {
        let agent = if number % 2 == 0 { server.agent.clone() } else { other.clone() };
        async move {
            let project = agent.ok("projects.get", json!({})).await;
            assert_eq!(project["slug"], agent.slug.as_str());
        }
    });
    join_all(calls).await;
}

#[tokio::test]
async fn a_client_of_the_sdk_lists_and_calls() {
    use rmcp::ServiceExt as _;
    use rmcp::model::CallToolRequestParams;
    use rmcp::transport::StreamableHttpClientTransport;
    use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

    let server = serve().await;
    let config =
        StreamableHttpClientTransportConfig::with_uri(format!("http://{}/mcp", server.address))
            .auth_header(server.agent.token.clone());
    let transport = StreamableHttpClientTransport::with_client(client(), config);
    let session = ().serve(transport).await.unwrap();

    let tools = session.list_all_tools().await.unwrap();
    assert_eq!(tools.len(), mcp::tools().len());
    let answer = session.call_tool(CallToolRequestParams::new("nottario_whoami")).await.unwrap();
    assert_eq!(answer.structured_content.unwrap()["github_login"], "admin");
    let refused =
        session.call_tool(CallToolRequestParams::new("nottario_tasks_get")).await.unwrap();
    assert_eq!(refused.is_error, Some(true));
    session.cancel().await.unwrap();
}
