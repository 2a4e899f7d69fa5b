//! Bytes that are hardly HTTP, sent without a client library in between.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::served;

/// Sends bytes, ends the sending, and reads what comes back until the server closes.
async fn exchange(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn bytes_that_are_hardly_http_break_nothing() {
    let (server, client) = served().await;
    let before = server.fingerprint().await;
    let url = server.url();
    let address = url.strip_prefix("http://").unwrap();
    let post = format!("POST /mcp HTTP/1.1\r\nHost: {address}\r\n");
    let many = "x-many: y\r\n".repeat(5_000);
    for bytes in [
        b"\r\n\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET /mcp\r\n".to_vec(),
        b"POST /mcp HTTP/9.9\r\n\r\n".to_vec(),
        format!("POST /{} HTTP/1.1\r\nHost: {address}\r\n\r\n", "x".repeat(200_000)).into_bytes(),
        format!("{post}{many}\r\n").into_bytes(),
        format!("{post}content-length: -1\r\n\r\n").into_bytes(),
        format!("{post}content-length: 99999999999999999999\r\n\r\n{{}}").into_bytes(),
        format!("{post}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}x").into_bytes(),
        format!("{post}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\nzz\r\n").into_bytes(),
        format!("{post}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n").into_bytes(),
        format!("{post}content-length: 100\r\n\r\n{{\"jsonrpc\"").into_bytes(),
        [post.as_bytes(), b"authorization: Bearer \x00\x01\r\n\r\n"].concat(),
        [post.as_bytes(), b"x\xff: y\r\n\r\n"].concat(),
    ] {
        let answer = exchange(address, &bytes).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(
            answer.is_empty() || status.starts_with('4') || answer.starts_with("HTTP/1.1 505"),
            "{answer:?} to {:?}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(200)])
        );
    }
    assert_eq!(server.fingerprint().await, before);
    client.ok("whoami", json!({})).await;
    server.stop().await;
}
