//! Connections to the server: one for each call that is under way, kept for the next one.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use limiter_core::{Error, ErrorKind};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::wire::{Answer, Ask};

/// How many idle connections are kept.
const IDLE: usize = 16;

#[derive(Debug)]
pub(crate) struct Connections {
    address: String,
    timeout: Duration,
    idle: Mutex<Vec<BufReader<TcpStream>>>,
    /// Held during a call by a client that sends one at a time.
    turn: Option<Arc<tokio::sync::Mutex<()>>>,
    shut: AtomicBool,
}

/// Why no answer came.
#[derive(Debug)]
pub(crate) struct Lost {
    kind: ErrorKind,
    message: String,
    /// Whether any of it was sent: then the server may have executed it.
    sent: bool,
    cause: Option<io::Error>,
}

impl Lost {
    /// The error of a call, which `changes` something or not.
    pub(crate) fn error(self, operation: &'static str, changes: bool) -> Error {
        let mut error = Error::new(self.kind, self.message).with_operation(operation);
        if let Some(cause) = self.cause {
            error = error.with_source(cause);
        }
        if changes && self.sent { error.possibly_charged() } else { error }
    }
}

impl Connections {
    pub(crate) fn new(address: String, timeout: Duration) -> Self {
        Self { address, timeout, idle: Mutex::default(), turn: None, shut: AtomicBool::new(false) }
    }

    /// The same, sending one call at a time among all who have this turn.
    pub(crate) fn in_turn(self, turn: Arc<tokio::sync::Mutex<()>>) -> Self {
        Self { turn: Some(turn), ..self }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// From now on no call is sent.
    pub(crate) fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
        self.idle.lock().unwrap().clear();
    }

    /// Sends a call once, and waits for its answer. A connection of which an answer is owed isn't used again, also
    /// when the caller stops waiting.
    pub(crate) async fn call(&self, ask: &Ask) -> Result<Answer, Lost> {
        let deadline = Instant::now() + self.timeout;
        let mut sent = false;
        let lost = |kind, message: String, sent, cause| Lost { kind, message, sent, cause };
        match timeout_at(deadline, self.converse(ask, &mut sent)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(cause)) => {
                let (kind, message) =
                    (ErrorKind::Unavailable, format!("the connection to {} failed", self.address));
                Err(lost(kind, message, sent, Some(cause)))
            }
            Err(_) => {
                let message = format!("no answer from {} within {:?}", self.address, self.timeout);
                Err(lost(ErrorKind::Timeout, message, sent, None))
            }
        }
    }

    async fn converse(&self, ask: &Ask, sent: &mut bool) -> io::Result<Answer> {
        let _turn = match &self.turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        let mut stream = self.connection().await?;
        let line = format!("{}\n", serde_json::to_string(ask)?);
        *sent = true;
        stream.write_all(line.as_bytes()).await?;
        let mut answer = String::new();
        if stream.read_line(&mut answer).await? == 0 || !answer.ends_with('\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let answer = serde_json::from_str(&answer)?;
        self.keep(stream);
        Ok(answer)
    }

    async fn connection(&self) -> io::Result<BufReader<TcpStream>> {
        if self.shut.load(Ordering::SeqCst) {
            return Err(io::Error::new(io::ErrorKind::NotConnected, "it was shut down"));
        }
        let idle = self.idle.lock().unwrap().pop();
        if let Some(stream) = idle {
            return Ok(stream);
        }
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        Ok(BufReader::new(stream))
    }

    fn keep(&self, stream: BufReader<TcpStream>) {
        let mut idle = self.idle.lock().unwrap();
        if idle.len() < IDLE && !self.shut.load(Ordering::SeqCst) {
            idle.push(stream);
        }
    }
}
