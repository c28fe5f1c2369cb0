//! HTTP as it goes over the wire: as little of it as the tests need, with connections that can be cut.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A request, line by line.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    head: Vec<u8>,
    body: String,
}

pub(crate) fn get(path: &str) -> Request {
    request("GET", path, String::new())
}

pub(crate) fn post(path: &str, body: &Value) -> Request {
    request("POST", path, body.to_string())
}

pub(crate) fn request(method: &str, path: &str, body: String) -> Request {
    let head = format!("{method} {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n").into_bytes();
    Request { head, body }
}

impl Request {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.raw_header(name, value.as_bytes())
    }

    pub(crate) fn raw_header(mut self, name: &str, value: &[u8]) -> Self {
        self.head.extend(name.bytes().chain(*b": "));
        self.head.extend(value);
        self.head.extend(b"\r\n");
        self
    }

    pub(crate) fn user(self, user: &str) -> Self {
        self.header("x-user-id", user)
    }

    /// Sends it and leaves the connection to the caller.
    pub(crate) async fn open(&self, addr: SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let mut bytes = self.head.clone();
        bytes.extend(format!("content-length: {}\r\n\r\n{}", self.body.len(), self.body).bytes());
        stream.write_all(&bytes).await.unwrap();
        stream
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(&self, addr: SocketAddr) -> Answer {
        let mut stream = self.open(addr).await;
        let mut bytes = Vec::new();
        timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
        Answer::parse(&String::from_utf8(bytes).unwrap())
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Self {
            status: status.unwrap_or_else(|| panic!("no answer: {text:?}")),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(given, _)| *given == name).map(|(_, value)| value)
    }

    /// The body as JSON, which it must say that it is.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }

    /// The wait of a 429, the same in header and body.
    pub(crate) fn retry_after(&self) -> u64 {
        assert_eq!(self.status, 429, "{self:?}");
        let body = self.json()["retry_after_seconds"].as_u64().unwrap();
        assert_eq!(self.header("retry-after"), Some(body.to_string().as_str()));
        body
    }
}

/// An open event stream.
#[derive(Debug)]
pub(crate) struct Events {
    stream: TcpStream,
    seen: String,
}

impl Events {
    /// Opens one and reads its head: an answer without a stream is given back.
    pub(crate) async fn open(addr: SocketAddr, request: &Request) -> Result<Self, Answer> {
        let mut events = Self { stream: request.open(addr).await, seen: String::new() };
        while !events.seen.contains("\r\n\r\n") {
            assert!(events.read().await, "no answer");
        }
        if events.seen.contains("text/event-stream") {
            return Ok(events);
        }
        while events.read().await {}
        Err(Answer::parse(&events.seen))
    }

    /// The same, for a task of its own.
    pub(crate) async fn open_owned(addr: SocketAddr, request: Request) -> Result<Self, Answer> {
        Self::open(addr, &request).await
    }

    /// The next event's data; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(at) = self.seen.find("\n\n")
                && let Some((_, data)) = self.seen[..at].rsplit_once("data: ")
            {
                let event = serde_json::from_str(data).unwrap();
                self.seen.drain(..at + 2);
                return Some(event);
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// Whether the stream has ended as it should, not midway.
    pub(crate) fn ended_whole(&self) -> bool {
        self.seen.ends_with("0\r\n\r\n")
    }

    /// Cuts the connection without a goodbye.
    pub(crate) fn cut(self) {
        self.stream.set_zero_linger().unwrap();
    }

    async fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        let read = timeout(Duration::from_secs(10), self.stream.read(&mut bytes)).await.unwrap();
        let read = read.unwrap_or(0);
        self.seen.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        read > 0
    }
}
