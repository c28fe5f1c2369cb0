//! A store at the other end of a network: memory, of which each call makes a round trip first.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Backend, Capabilities, Charge, Control, Decision, Error, ErrorKind, HeldLease, Key, Lease,
    LeaseRequest, Limit, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, Reserved,
    Result, Settlement, SlotLimiter,
};
use limiter_memory::{Config, MemoryBackend};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server that takes one byte a call and answers with one. It lives as long as the runtime.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    executed: Arc<AtomicU64>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let executed = Arc::new(AtomicU64::new(0));
        tokio::spawn(serve(listener, Arc::clone(&executed)));
        Self { address, executed }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many calls it has executed.
    pub(crate) fn executed(&self) -> u64 {
        self.executed.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, executed: Arc<AtomicU64>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let executed = Arc::clone(&executed);
        tokio::spawn(async move {
            while let Ok(byte) = client.read_u8().await {
                executed.fetch_add(1, Ordering::SeqCst);
                if client.write_u8(byte).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// A client that opens a connection for each call and waits for its answer without end.
#[derive(Debug)]
pub(crate) struct Distant {
    address: SocketAddr,
    memory: MemoryBackend,
}

impl Distant {
    pub(crate) fn backend(address: SocketAddr) -> Backend {
        let memory = MemoryBackend::new(Config::default()).unwrap();
        Backend::new("distant", Arc::new(Self { address, memory }))
    }

    async fn round_trip(&self) -> Result<()> {
        let lost = |cause: io::Error| Error::new(ErrorKind::Unavailable, "no connection").with_source(cause);
        let mut server = TcpStream::connect(self.address).await.map_err(lost)?;
        server.write_u8(1).await.map_err(lost)?;
        server.read_u8().await.map_err(lost)?;
        Ok(())
    }
}

#[async_trait]
impl RateLimiter for Distant {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.round_trip().await?;
        self.memory.hit(charges).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.round_trip().await?;
        self.memory.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.round_trip().await?;
        self.memory.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.round_trip().await?;
        RateLimiter::reset(&self.memory, key, limit).await
    }
}

#[async_trait]
impl SlotLimiter for Distant {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.round_trip().await?;
        self.memory.acquire(request).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.round_trip().await?;
        self.memory.renew(leases).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.round_trip().await?;
        self.memory.release(leases).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.round_trip().await?;
        self.memory.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.round_trip().await?;
        self.memory.leases(key).await
    }
}

#[async_trait]
impl QuotaTracker for Distant {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.round_trip().await?;
        self.memory.check(key, quota).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.round_trip().await?;
        self.memory.record(key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.round_trip().await?;
        self.memory.reserve(reservation).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.round_trip().await?;
        self.memory.settle(settlement).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.round_trip().await?;
        QuotaTracker::reset(&self.memory, key, quota).await
    }
}

#[async_trait]
impl Control for Distant {
    async fn ping(&self) -> Result<()> {
        self.round_trip().await
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "distant".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE.with_atomic_keys()
    }
}
