//! A proxy that fails on purpose, to be put between a client and its store.
//!
//! What a network and a server do to a client when they fail can rarely be had from the server itself: a reply that
//! is lost after the call was executed, a server that accepts and never answers, a connection that ends in the middle
//! of an answer. [`Proxy`] does each of them on demand, for whatever speaks TCP.

mod carry;
mod counts;
mod door;
mod link;
mod mode;
mod watched;

use std::io;
use std::net::SocketAddr;

use tokio::net::{ToSocketAddrs, lookup_host};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use counts::Traffic;
use door::Door;
use link::{Link, Order};

pub use counts::Counts;
pub use mode::Mode;

/// A TCP proxy on the loopback interface that forwards to one server, and fails when it is told to.
///
/// It forwards at first. [`Proxy::set`] switches all connections to another [`Mode`], [`Proxy::set_next`] the next one
/// alone. A side that has sent all is passed on as such while the other goes on (half-close), and a reset as a reset.
/// A connection holds one chunk of at most 16 KiB each way: a side that doesn't read slows the other down.
///
/// Dropped, it closes its port and every connection. It needs the runtime that it was started in.
///
/// ```
/// use limiter_testkit::proxy::{Mode, Proxy};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use tokio::net::{TcpListener, TcpStream};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let store = TcpListener::bind("127.0.0.1:0").await?;
/// let proxy = Proxy::start(store.local_addr()?).await?;
///
/// let mut client = TcpStream::connect(proxy.address()).await?;
/// let (mut accepted, _) = store.accept().await?;
/// client.write_all(b"GET").await?;
/// accepted.read_exact(&mut [0; 3]).await?;
/// proxy.set(Mode::DropRepliesAndCut).await;
/// accepted.write_all(b"OK").await?;
///
/// // The server has executed the call; the client never learns what came of it.
/// assert_eq!(client.read(&mut [0; 2]).await?, 0);
/// assert_eq!(proxy.counts().requests_swallowed, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    orders: mpsc::UnboundedSender<Order>,
    traffic: Traffic,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1, in front of the server at that address: a [`SocketAddr`] or a text such as
    /// `localhost:6379`. The server needn't be there yet.
    ///
    /// # Errors
    /// When the address has none behind it, or no port can be had.
    pub async fn start(upstream: impl ToSocketAddrs) -> io::Result<Self> {
        let upstream: Vec<_> = lookup_host(upstream).await?.collect();
        if upstream.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no address behind the name of the server"));
        }
        let door = Door::open_anywhere()?;
        let (address, traffic) = (door.address(), Traffic::default());
        let (orders, ordered) = mpsc::unbounded_channel();
        let link = Link::new(upstream, watch::Sender::new(Mode::Forward), traffic.clone());
        let task = tokio::spawn(link.run(door, ordered));
        Ok(Self { address, orders, traffic, task })
    }

    /// Where clients connect to.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Switches all connections, the open ones and those to come. When it returns, what a client sends or asks for
    /// from then on meets the new mode.
    pub async fn set(&self, mode: Mode) {
        self.order(mode, false).await;
    }

    /// Gives the next connection that is accepted a mode of its own, which it keeps until [`Proxy::set`] is called
    /// again. [`Mode::Refuse`] and [`Mode::Down`] reset it, once accepted.
    pub async fn set_next(&self, mode: Mode) {
        self.order(mode, true).await;
    }

    /// What has passed so far.
    pub fn counts(&self) -> Counts {
        self.traffic.counts()
    }

    async fn order(&self, mode: Mode, next: bool) {
        let (done, in_force) = oneshot::channel();
        // Both ends of the channels live as long as the task does, which ends with the proxy or its runtime.
        if self.orders.send(Order { mode, next, done }).is_ok() {
            in_force.await.ok();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}
