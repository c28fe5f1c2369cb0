//! One connection: requests one way, replies the other.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::timeout;

use super::counts::Traffic;
use super::mode::{CHUNK_BYTES, End, Mode};
use super::watched::Watched;

/// How long a client has to take note of a FIN before its connection is closed.
const GRACE: Duration = Duration::from_secs(1);

/// A client's connection, and the way to its server.
#[derive(Debug)]
pub(super) struct Connection {
    client: TcpStream,
    upstream: Vec<SocketAddr>,
    mode: Watched,
    traffic: Traffic,
}

impl Connection {
    pub(super) fn new(client: TcpStream, upstream: Vec<SocketAddr>, mode: Watched, traffic: Traffic) -> Self {
        Self { client, upstream, mode, traffic }
    }

    /// Carries until both sides are done, or the mode ends it.
    pub(super) async fn run(mut self) {
        let end = match self.carry().await {
            Ok(()) => return,
            Err(end) => end,
        };
        match end {
            End::Cut => cut(&mut self.client).await,
            End::Reset => drop(self.client.set_zero_linger()),
        }
    }

    async fn carry(&mut self) -> Result<(), End> {
        let mode = self.mode.moving().await;
        if let Some((end, 0)) = mode.ends() {
            return Err(end);
        }
        let mut server = TcpStream::connect(&*self.upstream).await.map_err(reset)?;
        // Neither side waits to fill a packet: the proxy adds no delay of its own.
        self.client.set_nodelay(true).and(server.set_nodelay(true)).map_err(reset)?;
        let (from_client, to_client) = self.client.split();
        let (from_server, to_server) = server.split();
        let asked = AtomicU64::new(0);
        let (traffic, asked) = (&self.traffic, &asked);
        let requests = Requests { mode: self.mode.clone(), traffic, asked };
        let replies = Replies::new(self.mode.clone(), traffic, asked);
        let both = async {
            tokio::try_join!(requests.carry(from_client, to_server), replies.carry(from_server, to_client))
        };
        tokio::select! {
            done = both => done.map(drop),
            Err(end) = ended_at_once(self.mode.clone()) => Err(end),
        }
    }
}

/// A connection that breaks on one side is reset on the other.
fn reset(_: io::Error) -> End {
    End::Reset
}

/// Ends the connection as a server does that is done. What the client still sends is read and dropped for a while:
/// closing with bytes unread would reset it.
async fn cut(client: &mut TcpStream) {
    client.shutdown().await.ok();
    let mut rest = vec![0; CHUNK_BYTES];
    let drained = async { while client.read(&mut rest).await.is_ok_and(|bytes| bytes > 0) {} };
    timeout(GRACE, drained).await.ok();
}

/// Comes back when the mode ends the connection without waiting for a reply: also while a side doesn't read.
async fn ended_at_once(mut mode: Watched) -> Result<Infallible, End> {
    loop {
        if let Some((end, 0)) = mode.now().ends() {
            return Err(end);
        }
        mode.changed().await;
    }
}

/// A chunk to be carried; `None` when the mode changed before there was one.
async fn chunk(from: &mut ReadHalf<'_>, buffer: &mut [u8], mode: &mut Watched) -> Result<Option<usize>, End> {
    let most = mode.moving().await.chunk_bytes();
    let read = tokio::select! {
        read = from.read(&mut buffer[..most]) => read.map_err(reset)?,
        () = mode.changed() => return Ok(None),
    };
    mode.moving().await;
    Ok(Some(read))
}

/// What the client sends.
struct Requests<'a> {
    mode: Watched,
    traffic: &'a Traffic,
    /// Chunks of requests that were forwarded.
    asked: &'a AtomicU64,
}

impl Requests<'_> {
    async fn carry(mut self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> Result<(), End> {
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let bytes = match chunk(&mut from, &mut buffer, &mut self.mode).await? {
                None => continue,
                Some(0) => return to.shutdown().await.map_err(reset),
                Some(bytes) => bytes,
            };
            self.mode.hold_back(bytes).await;
            self.asked.fetch_add(1, Ordering::Relaxed);
            to.write_all(&buffer[..bytes]).await.map_err(reset)?;
            self.traffic.to_server(bytes);
        }
    }
}

/// What the server sends.
struct Replies<'a> {
    mode: Watched,
    traffic: &'a Traffic,
    asked: &'a AtomicU64,
    /// Chunks of requests that were forwarded when a reply was last swallowed.
    answered: u64,
    /// Bytes that the client got in that mode.
    passed: u64,
    counted_for: Mode,
    silent: bool,
}

impl<'a> Replies<'a> {
    fn new(mut mode: Watched, traffic: &'a Traffic, asked: &'a AtomicU64) -> Self {
        let counted_for = mode.now();
        Self { mode, traffic, asked, answered: 0, passed: 0, counted_for, silent: false }
    }

    async fn carry(mut self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> Result<(), End> {
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let bytes = match chunk(&mut from, &mut buffer, &mut self.mode).await? {
                None => continue,
                Some(0) => return to.shutdown().await.map_err(reset),
                Some(bytes) => bytes,
            };
            let mode = self.mode.now();
            if self.silent || mode.swallows() {
                self.swallow(mode)?;
            } else {
                self.pass(&buffer[..bytes], &mut to).await?;
            }
        }
    }

    fn swallow(&mut self, mode: Mode) -> Result<(), End> {
        self.silent = true;
        let asked = self.asked.load(Ordering::Relaxed);
        if asked > self.answered {
            self.answered = asked;
            self.traffic.swallowed();
        }
        if mode == Mode::DropRepliesAndCut { Err(End::Cut) } else { Ok(()) }
    }

    async fn pass(&mut self, chunk: &[u8], to: &mut WriteHalf<'_>) -> Result<(), End> {
        self.mode.hold_back(chunk.len()).await;
        let mode = self.mode.now();
        if mode != self.counted_for {
            (self.passed, self.counted_for) = (0, mode);
        }
        let ends = mode.ends();
        let left = ends.map_or(u64::MAX, |(_, after)| after.saturating_sub(self.passed));
        let bytes = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
        to.write_all(&chunk[..bytes]).await.map_err(reset)?;
        self.traffic.to_client(bytes);
        self.passed += bytes as u64;
        match ends {
            Some((end, after)) if self.passed >= after => Err(end),
            _ => Ok(()),
        }
    }
}
