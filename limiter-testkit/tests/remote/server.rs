//! A store with a server in front of it: the reference, reached over TCP. It lives in the test's own process.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use limiter_core::{Backend, LeaseId, LeaseRequest, Reservation, ReservationId, Result, Scope, Settlement};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::wire::{self, Answer, Ask};

/// What each connection is served from, all over one store.
type Store = Arc<dyn Fn() -> Backend + Send + Sync>;

/// A server, and what it keeps.
#[derive(Clone)]
pub(crate) struct Server {
    address: SocketAddr,
    store: Store,
    running: Arc<Mutex<JoinHandle<()>>>,
}

impl Server {
    /// Serves a store on a free port. It needs a runtime, and ends with it.
    pub(crate) fn start(store: Backend) -> Self {
        Self::serving(move || store.clone())
    }

    /// The same, with something of its own for each connection.
    pub(crate) fn serving(store: impl Fn() -> Backend + Send + Sync + 'static) -> Self {
        let store: Store = Arc::new(store);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let running = Arc::new(Mutex::new(tokio::spawn(serve(listener, store.clone()))));
        Self { address, store, running }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends without a word to anybody, connections included, and starts again over what is stored.
    pub(crate) fn restart(&self) {
        let mut running = self.running.lock().unwrap();
        running.abort();
        while !running.is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let listener = std::net::TcpListener::bind(self.address).unwrap();
        *running = tokio::spawn(serve(listener, self.store.clone()));
    }
}

async fn serve(listener: std::net::TcpListener, store: Store) {
    listener.set_nonblocking(true).unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                connections.spawn(converse(stream, store()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, store: Backend) {
    stream.set_nodelay(true).unwrap();
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let ask = serde_json::from_str(&line).unwrap();
        let answer = answer(&store, ask).await.unwrap_or_else(|error| Answer::of_error(&error));
        let line = format!("{}\n", serde_json::to_string(&answer).unwrap());
        if writer.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn answer(store: &Backend, ask: Ask) -> Result<Answer> {
    let Backend { rates, slots, quotas, .. } = store;
    Ok(match ask {
        Ask::Ping => Answer::Done,
        Ask::Hit(lines) => Answer::of_decision(&rates.hit(&wire::charges(&lines)).await?),
        Ask::Peek(lines) => Answer::of_decision(&rates.peek(&wire::charges(&lines)).await?),
        Ask::Refund(lines) => done(rates.refund(wire::receipt(&lines)?).await)?,
        Ask::Reset(key, limit) => done(rates.reset(&key, &limit).await)?,
        Ask::Acquire { id, scopes, permits, ttl_ms } => {
            let scopes: Vec<_> = scopes.into_iter().map(|(key, cap)| Scope::new(key, cap)).collect();
            let request = LeaseRequest::new(scopes, Duration::from_millis(ttl_ms))?.with_permits(permits)?;
            Answer::of_acquisition(slots.acquire(&request.with_id(LeaseId::parse(&id)?)).await?)
        }
        Ask::Renew(lines) => Answer::Live(slots.renew(&wire::leases(lines)?).await?),
        Ask::Release(lines) => Answer::Live(slots.release(&wire::leases(lines)?).await?),
        Ask::InUse(key) => Answer::InUse(slots.in_use(&key).await?),
        Ask::Leases(key) => Answer::of_leases(&slots.leases(&key).await?),
        Ask::Check(key, quota) => Answer::of_quotas(&[quotas.check(&key, &quota).await?]),
        Ask::Record(key, quota, amount) => Answer::of_quotas(&[quotas.record(&key, &quota, amount).await?]),
        Ask::Reserve { id, charges, ttl_ms } => {
            let reservation = Reservation::new(wire::quota_charges(charges), Duration::from_millis(ttl_ms))?;
            Answer::of_reserved(&quotas.reserve(&reservation.with_id(ReservationId::parse(&id)?)).await?)
        }
        Ask::Settle { id, charges } => {
            let settlement = Settlement::new(ReservationId::parse(&id)?, wire::quota_charges(charges))?;
            Answer::of_quotas(&quotas.settle(&settlement).await?)
        }
        Ask::ResetQuota(key, quota) => done(quotas.reset(&key, &quota).await)?,
    })
}

fn done(result: Result<()>) -> Result<Answer> {
    result.map(|()| Answer::Done)
}
