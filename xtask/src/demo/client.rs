//! Real HTTP requests to a gateway, and event streams that stay open.

use std::fmt;
use std::io::Read;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Agent, Body, BodyReader};

use crate::failure::{OrFail, Result, failed};

/// The longest pause of a gateway in the middle of an answer. Held scans take some of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who calls: a name for the transcript, and the headers that say so.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) name: String,
    headers: Vec<(&'static str, String)>,
}

impl Caller {
    /// A signed-in user.
    pub(crate) fn user(id: &str) -> Self {
        Self { name: id.to_owned(), headers: vec![("X-User-Id", id.to_owned())] }
    }

    /// Nobody in particular: known by the address alone.
    pub(crate) fn anonymous() -> Self {
        Self { name: "anonymous".to_owned(), headers: Vec::new() }
    }

    /// A visitor of a page with the widget.
    pub(crate) fn session(id: &str) -> Self {
        Self { name: id.to_owned(), headers: vec![("X-Session-Id", id.to_owned())] }
    }

    /// The same caller with an `X-Forwarded-For` header, and a name that shows what it claims.
    pub(crate) fn forwarded_for(mut self, addresses: &str, name: &str) -> Self {
        self.headers.push(("X-Forwarded-For", addresses.to_owned()));
        name.clone_into(&mut self.name);
        self
    }
}

/// What a gateway answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Method and path.
    pub(crate) request: String,
    pub(crate) caller: String,
    /// `status`, `type`, `retry_after` (a number, or null without that header) and `body`.
    pub(crate) parts: Value,
}

impl Answer {
    pub(crate) fn status(&self) -> u64 {
        self.parts["status"].as_u64().unwrap_or_default()
    }

    pub(crate) fn body(&self) -> &Value {
        &self.parts["body"]
    }
}

/// Speaks to one gateway.
#[derive(Clone)]
pub(crate) struct Client {
    base: String,
    agent: Agent,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn new(base: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // The gateway is on this machine, whatever the environment says of proxies.
            .proxy(None)
            .timeout_connect(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .build();
        Self { base: base.to_owned(), agent: config.into() }
    }

    pub(crate) fn get(&self, path: &str) -> Result<Answer> {
        let request = format!("GET {path}");
        let response = self.agent.get(format!("{}{path}", self.base)).call().or_fail(&request)?;
        answer(request, String::new(), response)
    }

    pub(crate) fn post(&self, caller: &Caller, path: &str, body: &Value) -> Result<Answer> {
        let request = format!("POST {path}");
        let mut post = self.agent.post(format!("{}{path}", self.base)).content_type("application/json");
        for (name, value) in &caller.headers {
            post = post.header(*name, value);
        }
        let response = post.send(body.to_string()).or_fail(&request)?;
        answer(request, caller.name.clone(), response)
    }

    /// Asks for an event stream: the answer, whose body is the first event or else the refusal, and the stream
    /// if there is one.
    pub(crate) fn open_events(&self, caller: &Caller) -> Result<(Answer, Option<EventStream>)> {
        let request = "GET /events".to_owned();
        let mut get = self.agent.get(format!("{}/events", self.base));
        for (name, value) in &caller.headers {
            get = get.header(*name, value);
        }
        let response = get.call().or_fail(&request)?;
        if response.status() != 200 {
            return Ok((answer(request, caller.name.clone(), response)?, None));
        }
        let parts = head(&response);
        let mut stream = EventStream { reader: response.into_body().into_reader() };
        let parts = with_body(parts, stream.first_event()?);
        Ok((Answer { request, caller: caller.name.clone(), parts }, Some(stream)))
    }
}

/// An open event stream. Dropping it closes the connection, as closing a tab does.
pub(crate) struct EventStream {
    reader: BodyReader<'static>,
}

impl EventStream {
    fn first_event(&mut self) -> Result<Value> {
        let mut text = String::new();
        let mut chunk = [0; 256];
        while !text.contains("\n\n") {
            let read = self.reader.read(&mut chunk).or_fail("reading the first event")?;
            if read == 0 {
                return failed(format!("the event stream ended after {text:?}"));
            }
            text.push_str(&String::from_utf8_lossy(&chunk[..read]));
        }
        event(&text)
    }

    /// Reads until the gateway ends the stream.
    pub(crate) fn read_to_end(mut self) -> Result {
        std::io::copy(&mut self.reader, &mut std::io::sink())
            .or_fail("reading an event stream to its end")?;
        Ok(())
    }
}

/// The data of the first event in a stream's text.
fn event(text: &str) -> Result<Value> {
    let data = text.split("\n\n").next().and_then(|event| event.strip_prefix("data: "));
    match data.map(serde_json::from_str) {
        Some(Ok(value)) => Ok(value),
        _ => failed(format!("the first event isn't `data: ` and JSON, but {text:?}")),
    }
}

fn answer(request: String, caller: String, mut response: Response<Body>) -> Result<Answer> {
    let parts = head(&response);
    let text = response.body_mut().read_to_string().or_fail(&request)?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Answer { request, caller, parts: with_body(parts, body) })
}

fn head(response: &Response<Body>) -> Value {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    json!({
        "status": response.status().as_u16(),
        "type": header("content-type").and_then(|full| full.split(';').next()),
        "retry_after": header("retry-after").map(|text| match text.parse::<u64>() {
            Ok(seconds) => json!(seconds),
            Err(_) => json!(text),
        }),
    })
}

fn with_body(mut parts: Value, body: Value) -> Value {
    parts["body"] = body;
    parts
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A server for one request, which it answers piece by piece. It ends with the request it read once the client
    /// has closed the connection.
    fn serve(pieces: &'static [&'static str]) -> (Client, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Client::new(&format!("http://{}", listener.local_addr().unwrap()));
        let server = thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            for piece in pieces {
                connection.write_all(piece.as_bytes()).unwrap();
                thread::sleep(Duration::from_millis(20));
            }
            let mut request = Vec::new();
            connection.read_to_end(&mut request).ok();
            String::from_utf8(request).unwrap()
        });
        (client, server)
    }

    #[test]
    fn a_refusal_is_an_answer_with_its_wait_and_body() {
        let (client, server) = serve(&[
            "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 37\r\n",
            "Content-Length: 11\r\nConnection: close\r\n\r\n{\"error\":1}",
        ]);
        let caller = Caller::user("ada").forwarded_for("192.0.2.1", "ada (forged)");
        let answer = client.post(&caller, "/chat/message", &json!({"text": "hi"})).unwrap();
        assert_eq!(
            answer.parts,
            json!({"status": 429, "type": "application/json", "retry_after": 37, "body": {"error": 1}})
        );
        let sent = server.join().unwrap().to_lowercase();
        assert!(sent.starts_with("post /chat/message http/1.1\r\n"), "{sent}");
        assert!(
            sent.contains("x-user-id: ada\r\n") && sent.contains("x-forwarded-for: 192.0.2.1\r\n"),
            "{sent}"
        );
        assert!(sent.ends_with("{\"text\":\"hi\"}"), "{sent}");
    }

    #[test]
    fn a_stream_shows_its_first_event_and_stays_open_until_dropped() {
        let (client, server) = serve(&[
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
            "a\r\ndata: {\"he\r\n",
            "d\r\nllo\":\"ada\"}\n\n\r\n",
        ]);
        let (answer, stream) = client.open_events(&Caller::user("ada")).unwrap();
        assert_eq!(answer.body(), &json!({"hello": "ada"}));
        assert!(!server.is_finished());
        drop(stream);
        server.join().unwrap();
    }

    #[test]
    fn an_event_that_is_no_json_is_told() {
        assert_eq!(event("data: 1\n\ndata: 2\n\n").unwrap(), json!(1));
        assert!(event("hello\n\n").is_err());
    }
}
