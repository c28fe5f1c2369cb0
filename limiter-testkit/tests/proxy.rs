//! The proxy against a server that answers lines: each mode as a client sees it.
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use limiter_testkit::proxy::{Mode, Proxy};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// What must not come hasn't come after this long.
const A_WHILE: Duration = Duration::from_millis(150);
/// What must come has come after this long.
const LONGEST: Duration = Duration::from_secs(10);

/// Answers each line with itself, in capital letters, and counts them. When the client has sent all, it says `bye`.
struct Server {
    address: SocketAddr,
    lines: Arc<AtomicU64>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, lines) = (listener.local_addr().unwrap(), Arc::<AtomicU64>::default());
        let counted = lines.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, counted.clone()));
            }
        });
        Self { address, lines }
    }

    fn lines(&self) -> u64 {
        self.lines.load(Ordering::SeqCst)
    }
}

async fn answer(stream: TcpStream, counted: Arc<AtomicU64>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        counted.fetch_add(1, Ordering::SeqCst);
        if writer.write_all(format!("{}\n", line.to_uppercase()).as_bytes()).await.is_err() {
            return;
        }
    }
    writer.write_all(b"bye\n").await.ok();
}

struct Client(BufReader<TcpStream>);

impl Client {
    async fn of(proxy: &Proxy) -> Self {
        Self(BufReader::new(TcpStream::connect(proxy.address()).await.unwrap()))
    }

    async fn send(&mut self, line: &str) {
        self.0.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// The next line; what of it has come when the connection ends.
    async fn read(&mut self) -> Result<String, ErrorKind> {
        let mut line = String::new();
        within(self.0.read_line(&mut line)).await.map(|_| line).map_err(|error| error.kind())
    }

    async fn ask(&mut self, line: &str) -> Result<String, ErrorKind> {
        self.send(line).await;
        self.read().await
    }

    async fn hears_nothing(&mut self) -> bool {
        timeout(A_WHILE, self.0.read_u8()).await.is_err()
    }
}

async fn within<T>(answer: impl Future<Output = T>) -> T {
    timeout(LONGEST, answer).await.unwrap()
}

async fn until(mut met: impl FnMut() -> bool) {
    let wait = async {
        while !met() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    within(wait).await;
}

async fn both() -> (Server, Proxy) {
    let server = Server::start().await;
    let proxy = Proxy::start(server.address).await.unwrap();
    (server, proxy)
}

#[tokio::test]
async fn forwards_and_counts() {
    let (_server, proxy) = both().await;
    let mut client = Client::of(&proxy).await;
    assert_eq!(client.ask("hello").await.unwrap(), "HELLO\n");
    let mut other = Client::of(&proxy).await;
    assert_eq!(other.ask("you").await.unwrap(), "YOU\n");
    let counts = proxy.counts();
    assert_eq!((counts.connections, counts.requests_swallowed), (2, 0));
    assert_eq!((counts.bytes_to_server, counts.bytes_to_clients), (10, 10));
}

#[tokio::test]
async fn passes_on_that_a_side_has_sent_all() {
    let (_server, proxy) = both().await;
    let mut client = Client::of(&proxy).await;
    client.send("last").await;
    client.0.shutdown().await.unwrap();
    assert_eq!(client.read().await.unwrap(), "LAST\n");
    assert_eq!(client.read().await.unwrap(), "bye\n");
    assert_eq!(client.read().await.unwrap(), "");
}

#[tokio::test]
async fn drops_a_reply_that_the_server_has_given_and_stays_silent() {
    let (server, proxy) = both().await;
    let mut client = Client::of(&proxy).await;
    assert_eq!(client.ask("first").await.unwrap(), "FIRST\n");
    proxy.set(Mode::DropReplies).await;
    client.send("second").await;
    until(|| proxy.counts().requests_swallowed == 1).await;
    assert_eq!(server.lines(), 2);
    assert!(client.hears_nothing().await);
    proxy.set(Mode::Forward).await;
    client.send("third").await;
    until(|| proxy.counts().requests_swallowed == 2).await;
    assert!(client.hears_nothing().await, "what is out of step stays silent");
    assert_eq!(Client::of(&proxy).await.ask("new").await.unwrap(), "NEW\n");
}

#[tokio::test]
async fn drops_a_reply_and_cuts() {
    let (server, proxy) = both().await;
    let mut client = Client::of(&proxy).await;
    proxy.set(Mode::DropRepliesAndCut).await;
    assert_eq!(client.ask("once").await.unwrap(), "");
    assert_eq!((server.lines(), proxy.counts().requests_swallowed), (1, 1));
}

#[tokio::test]
async fn stalls_and_goes_on_where_it_stopped() {
    let (server, proxy) = both().await;
    let mut open = Client::of(&proxy).await;
    assert_eq!(open.ask("first").await.unwrap(), "FIRST\n");
    proxy.set(Mode::Stall).await;
    open.send("second").await;
    let mut new = Client::of(&proxy).await;
    new.send("third").await;
    assert!(open.hears_nothing().await && new.hears_nothing().await);
    assert_eq!(server.lines(), 1);
    proxy.set(Mode::Forward).await;
    assert_eq!(open.read().await.unwrap(), "SECOND\n");
    assert_eq!(new.read().await.unwrap(), "THIRD\n");
}

#[tokio::test]
async fn a_stall_holds_no_more_than_the_sockets_do() {
    let (_server, proxy) = both().await;
    proxy.set(Mode::Stall).await;
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let flood = vec![b'x'; 64 * 1024 * 1024];
    assert!(timeout(Duration::from_secs(1), client.write_all(&flood)).await.is_err());
}

#[tokio::test]
async fn delays_each_chunk() {
    let (_server, proxy) = both().await;
    let mut client = Client::of(&proxy).await;
    proxy.set(Mode::Delay(Duration::from_millis(120))).await;
    let asked = Instant::now();
    assert_eq!(client.ask("slow").await.unwrap(), "SLOW\n");
    assert!(asked.elapsed() >= Duration::from_millis(240), "{:?}", asked.elapsed());
    proxy.set(Mode::Delay(Duration::from_secs(3600))).await;
    client.send("later").await;
    assert!(client.hears_nothing().await);
    proxy.set(Mode::Forward).await;
    assert_eq!(client.read().await.unwrap(), "LATER\n");
}

#[tokio::test]
async fn throttles() {
    let (_server, proxy) = both().await;
    let mut client = Client::of(&proxy).await;
    proxy.set(Mode::Throttle { bytes_per_second: 1000 }).await;
    let asked = Instant::now();
    let answer = client.ask(&"x".repeat(199)).await.unwrap();
    assert_eq!(answer.len(), 200);
    // The answer begins when the whole line is there: 200 ms each way.
    assert!(asked.elapsed() >= Duration::from_millis(380), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn cuts_in_the_middle_of_a_reply() {
    let (_server, proxy) = both().await;
    let mut client = Client::of(&proxy).await;
    assert_eq!(client.ask("whole").await.unwrap(), "WHOLE\n");
    proxy.set(Mode::Cut { after_bytes: 9 }).await;
    assert_eq!(client.ask("first").await.unwrap(), "FIRST\n");
    assert_eq!(client.ask("second").await.unwrap(), "SEC");
    assert_eq!(client.read().await.unwrap(), "");
}

#[tokio::test]
async fn cuts_at_once_also_a_client_that_does_not_read() {
    let (_server, proxy) = both().await;
    let mut client = Client::of(&proxy).await;
    assert_eq!(client.ask("whole").await.unwrap(), "WHOLE\n");
    let mut deaf = TcpStream::connect(proxy.address()).await.unwrap();
    let flood = "a line\n".repeat(4 * 1024 * 1024);
    assert!(timeout(Duration::from_secs(1), deaf.write_all(flood.as_bytes())).await.is_err());
    proxy.set(Mode::Cut { after_bytes: 0 }).await;
    assert_eq!(client.read().await.unwrap(), "");
    within(async { while deaf.write_all(flood.as_bytes()).await.is_ok() {} }).await;
    assert_eq!(Client::of(&proxy).await.read().await.unwrap(), "");
}

#[tokio::test]
async fn resets() {
    let (_server, proxy) = both().await;
    let mut client = Client::of(&proxy).await;
    assert_eq!(client.ask("whole").await.unwrap(), "WHOLE\n");
    proxy.set(Mode::Reset { after_bytes: 3 }).await;
    assert_eq!(client.ask("second").await.unwrap_err(), ErrorKind::ConnectionReset);
    let mut idle = Client::of(&proxy).await;
    proxy.set(Mode::Reset { after_bytes: 0 }).await;
    assert_eq!(idle.read().await.unwrap_err(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn refuses_new_connections_alone() {
    let (_server, proxy) = both().await;
    let mut open = Client::of(&proxy).await;
    assert_eq!(open.ask("first").await.unwrap(), "FIRST\n");
    for _ in 0..20 {
        proxy.set(Mode::Refuse).await;
        let refused = TcpStream::connect(proxy.address()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(open.ask("still").await.unwrap(), "STILL\n");
        proxy.set(Mode::Forward).await;
        assert_eq!(Client::of(&proxy).await.ask("new").await.unwrap(), "NEW\n");
    }
}

#[tokio::test]
async fn is_gone_and_comes_back() {
    let (_server, proxy) = both().await;
    let mut open = Client::of(&proxy).await;
    assert_eq!(open.ask("first").await.unwrap(), "FIRST\n");
    proxy.set(Mode::Down).await;
    assert_eq!(open.read().await.unwrap_err(), ErrorKind::ConnectionReset);
    let refused = TcpStream::connect(proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    proxy.set(Mode::Forward).await;
    assert_eq!(Client::of(&proxy).await.ask("new").await.unwrap(), "NEW\n");
}

#[tokio::test]
async fn gives_the_next_connection_a_mode_of_its_own() {
    let (_server, proxy) = both().await;
    let mut before = Client::of(&proxy).await;
    assert_eq!(before.ask("before").await.unwrap(), "BEFORE\n");
    proxy.set_next(Mode::Stall).await;
    let mut next = Client::of(&proxy).await;
    next.send("next").await;
    let mut after = Client::of(&proxy).await;
    assert_eq!(after.ask("after").await.unwrap(), "AFTER\n");
    assert_eq!(before.ask("still").await.unwrap(), "STILL\n");
    assert!(next.hears_nothing().await);
    proxy.set(Mode::Forward).await;
    assert_eq!(next.read().await.unwrap(), "NEXT\n");
    proxy.set_next(Mode::Refuse).await;
    let mut refused = Client::of(&proxy).await;
    assert_eq!(refused.read().await.unwrap_err(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn resets_a_client_when_the_server_is_not_there() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Proxy::start(nobody).await.unwrap();
    assert_eq!(Client::of(&proxy).await.read().await.unwrap_err(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn dropped_it_closes_everything() {
    let (_server, proxy) = both().await;
    let address = proxy.address();
    let mut client = Client::of(&proxy).await;
    assert_eq!(client.ask("first").await.unwrap(), "FIRST\n");
    drop(proxy);
    assert!(client.read().await.is_ok_and(|line| line.is_empty()));
    assert_eq!(TcpStream::connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}
