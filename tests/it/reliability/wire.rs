//! A client of the agents' endpoint that is nothing but a socket.
//!
//! It keeps one connection, can let go of it at any byte, and tells exactly how far a call came:
//! answered, refused, turned away at the door, or cut off without an answer.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take: so long that only a real hang fails.
const PATIENCE: Duration = Duration::from_mins(2);

/// What became of a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    /// The tool's structured answer.
    Answered(Value),
    /// The text of a tool's refusal or failure.
    Refused(String),
    /// The call did not get as far as the tool: its HTTP status and body.
    TurnedAway(u16, String),
    /// The connection ended before the answer was complete.
    Cut,
}

impl Reply {
    /// The structured answer of a call that has to succeed.
    #[track_caller]
    pub(super) fn answer(self) -> Value {
        match self {
            Reply::Answered(answer) => answer,
            other => panic!("not answered: {other:?}"),
        }
    }

    /// The text of a call that has to be refused.
    #[track_caller]
    pub(super) fn refusal(self) -> String {
        match self {
            Reply::Refused(text) => text,
            other => panic!("not refused: {other:?}"),
        }
    }
}

/// A tool call as bytes.
pub(super) struct Request {
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn new(address: SocketAddr, token: &str, tool: &str, arguments: &Value) -> Request {
        let params = json!({ "name": tool, "arguments": arguments });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params })
            .to_string()
            .into_bytes();
        let head = format!(
            "POST /mcp HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             accept: application/json, text/event-stream\r\ncontent-type: application/json\r\n\
             mcp-protocol-version: 2025-11-25\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        Request { head, body }
    }
}

/// One agent's connection to one server.
#[derive(Debug)]
pub(super) struct Wire {
    address: SocketAddr,
    token: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Wire {
    pub(super) fn new(address: SocketAddr, token: &str) -> Wire {
        Wire { address, token: token.to_owned(), stream: None }
    }

    /// Goes on with another server, if it is another.
    pub(super) fn turn_to(&mut self, address: SocketAddr) {
        if self.address != address {
            *self = Wire::new(address, &self.token);
        }
    }

    /// Calls a tool, over the connection of the call before where there is one.
    pub(super) async fn call(&mut self, tool: &str, arguments: &Value) -> Reply {
        let request = Request::new(self.address, &self.token, tool, arguments);
        let exchange = timeout(PATIENCE, self.exchange(&request)).await;
        let exchange = exchange.unwrap_or_else(|_| panic!("{tool} {arguments} is not answered"));
        exchange.unwrap_or_else(|_| {
            self.stream = None;
            Reply::Cut
        })
    }

    /// Sends the head of a call and the first `bytes` of its body over a connection of its own,
    /// which ends when it is dropped.
    pub(super) async fn begin(&self, tool: &str, arguments: &Value, bytes: usize) -> TcpStream {
        let request = Request::new(self.address, &self.token, tool, arguments);
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let part = [request.head.as_slice(), &request.body[..bytes]].concat();
        stream.write_all(&part).await.unwrap();
        stream
    }

    async fn exchange(&mut self, request: &Request) -> std::io::Result<Reply> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(BufReader::new(stream));
        }
        let stream = self.stream.as_mut().expect("it was just made");
        stream.write_all(&[request.head.as_slice(), &request.body].concat()).await?;
        let answer = read_answer(stream).await?;
        if answer.closes {
            self.stream = None;
        }
        Ok(reply(answer.status, &answer.body))
    }
}

/// The status and body of a page.
pub(super) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = timeout(PATIENCE, read_answer(&mut stream)).await.unwrap().unwrap();
    (answer.status, String::from_utf8(answer.body).unwrap())
}

struct Answer {
    status: u16,
    closes: bool,
    body: Vec<u8>,
}

async fn read_answer(stream: &mut BufReader<TcpStream>) -> std::io::Result<Answer> {
    let status = line(stream).await?;
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap();
    let (mut length, mut closes) = (None, false);
    loop {
        let header = line(stream).await?.to_ascii_lowercase();
        match header.split_once(": ") {
            None => break,
            Some(("content-length", value)) => length = Some(value.parse::<usize>().unwrap()),
            Some(("connection", "close")) => closes = true,
            Some(_) => {}
        }
    }
    let mut body = vec![0; length.expect("every answer says how long it is")];
    stream.read_exact(&mut body).await?;
    Ok(Answer { status, closes, body })
}

/// One line of a head without its end; an error when the connection ends instead.
async fn line(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    if !line.ends_with('\n') {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

fn reply(status: u16, body: &[u8]) -> Reply {
    if status != 200 {
        return Reply::TurnedAway(status, String::from_utf8_lossy(body).into_owned());
    }
    let message: Value = serde_json::from_slice(body).unwrap();
    let result = message.get("result").unwrap_or_else(|| panic!("no result: {message}"));
    if result["isError"] == true {
        Reply::Refused(result["content"][0]["text"].as_str().unwrap().to_owned())
    } else {
        Reply::Answered(result["structuredContent"].clone())
    }
}
