//! Answers that are lost after the server has done what was asked.

use std::time::Duration;

use limiter_core::{
    Charge, Control, EXACT, Key, LeaseRequest, Limit, QuotaTracker, RateLimiter, Receipt, Reservation,
    Result, SlotLimiter,
};
use limiter_redis::RedisBackend;
use limiter_testkit::proxy::{Mode, Proxy};
use testservers::redis::Redis;
use tokio::time::{sleep, timeout};

use crate::everything::everything;
use crate::operations::{LONG, lease, one_of_each, reservation, yearly};
use crate::server::{client, client_within};

const TTL: Duration = Duration::from_secs(60);
const MAX: u64 = 1_000;

/// An operation whose answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    HitOne,
    HitThree,
    Refund,
    Record,
    Acquire,
    Renew,
    Release,
    Reserve,
    Settle,
}

use Operation::{Acquire, HitOne, HitThree, Record, Refund, Release, Renew, Reserve, Settle};

/// All that there are.
pub(crate) const OPERATIONS: [Operation; 9] =
    [HitOne, HitThree, Refund, Record, Acquire, Renew, Release, Reserve, Settle];

/// A call that is ready to be made, over three keys where it may have so many.
#[derive(Debug)]
pub(crate) struct Ready {
    operation: Operation,
    keys: [Key; 3],
    limits: [Limit; 3],
    lease: LeaseRequest,
    reservation: Reservation,
    receipt: Option<Receipt>,
}

impl Ready {
    /// Prepares the call through a backend that answers.
    pub(crate) async fn new(operation: Operation, keys: [Key; 3], direct: &RedisBackend) -> Self {
        let [_, window, log, bucket] = one_of_each(MAX, LONG);
        let limits = [window, log, bucket];
        // A short life, so that it shows when it is renewed for longer.
        let first = lease(&keys, MAX, TTL / 2);
        let lease = lease(&keys, MAX, TTL).with_id(first.id().clone());
        let reservation = reservation(&keys, EXACT, 5, TTL);
        let mut ready = Self { operation, keys, limits, lease, reservation, receipt: None };
        match operation {
            Refund => {
                let charges = ready.charges();
                // A second hit: what is given back twice shows.
                let _ = direct.hit(&charges).await.unwrap();
                let receipt = direct.hit(&charges).await.unwrap().into_receipt(&charges).unwrap();
                ready.receipt = Some(receipt);
            }
            Renew | Release => assert!(direct.acquire(&first).await.unwrap().is_acquired()),
            Settle => assert!(direct.reserve(&ready.reservation).await.unwrap().is_granted()),
            _ => {}
        }
        ready
    }

    fn charges(&self) -> Vec<Charge<'_>> {
        let count = if self.operation == HitOne { 1 } else { 3 };
        self.keys.iter().zip(&self.limits).map(|(key, limit)| Charge::new(key, limit)).take(count).collect()
    }

    /// Makes the call.
    pub(crate) async fn make(&mut self, backend: &RedisBackend) -> Result<()> {
        match self.operation {
            HitOne | HitThree => backend.hit(&self.charges()).await.map(drop),
            Refund => backend.refund(self.receipt.take().unwrap()).await,
            Record => backend.record(&self.keys[0], &yearly(EXACT), 5).await.map(drop),
            Acquire => backend.acquire(&self.lease).await.map(|acquired| assert!(acquired.is_acquired())),
            Renew => backend.renew(&[self.lease.lease()]).await.map(drop),
            Release => backend.release(&[self.lease.lease()]).await.map(drop),
            Reserve => {
                backend.reserve(&self.reservation).await.map(|reserved| assert!(reserved.is_granted()))
            }
            Settle => backend.settle(&self.reservation.settlement(&[7, 7, 7]).unwrap()).await.map(drop),
        }
    }

    /// Whether it carries an id, so that it may be made again.
    pub(crate) const fn has_id(&self) -> bool {
        matches!(self.operation, Acquire | Renew | Release | Reserve | Settle)
    }

    /// Holds the store to what it has to look like after the call was executed once.
    pub(crate) async fn assert_executed_once(&self, direct: &RedisBackend) {
        let (number, operation) = (if self.operation == HitOne { 1 } else { 3 }, self.operation);
        for (key, limit) in self.keys.iter().zip(&self.limits).take(number) {
            let peeked = direct.peek(&[Charge::new(key, limit)]).await.unwrap();
            let hits = u64::from(matches!(operation, HitOne | HitThree | Refund));
            assert_eq!(peeked.outcomes()[0].remaining(), MAX - hits, "{operation:?}");
        }
        for (place, key) in self.keys.iter().enumerate() {
            let leases = direct.leases(key).await.unwrap();
            assert_eq!(leases.len(), usize::from(matches!(operation, Acquire | Renew)), "{operation:?}");
            assert_eq!(direct.in_use(key).await.unwrap(), leases.len() as u64, "{operation:?}");
            let outcome = direct.check(key, &yearly(EXACT)).await.unwrap();
            let used = match operation {
                Record if place == 0 => 5,
                Settle => 7,
                _ => 0,
            };
            let reserved = if operation == Reserve { 5 } else { 0 };
            assert_eq!((outcome.used, outcome.reserved), (used, reserved), "{operation:?}");
        }
        if operation == Renew {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
            for key in &self.keys {
                let expires = direct.leases(key).await.unwrap()[0].expires_ms;
                let left = Duration::from_millis(expires).saturating_sub(now);
                assert!(left > TTL * 2 / 3, "{left:?}");
            }
        }
    }
}

/// Ends the connections that a fault has left, and waits until calls are answered again.
pub(crate) async fn heal(proxy: &Proxy, backend: &RedisBackend, somebody: &Key) {
    proxy.set(Mode::Cut { after_bytes: 0 }).await;
    sleep(Duration::from_millis(20)).await;
    proxy.set(Mode::Forward).await;
    let answered = async {
        while backend.in_use(somebody).await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), answered).await.unwrap();
}

/// Loses the answer to each operation in turn.
async fn lose(mode: Mode) {
    let server = Redis::start().unwrap();
    let direct = client(&server.url()).await;
    // From here on the scripts are known: each call is one command.
    everything(&direct, "warm").await.unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let lossy = client_within(&format!("redis://{}", proxy.address()), Duration::from_millis(400)).await;
    for operation in OPERATIONS {
        let key = |which| crate::operations::key(&format!("{operation:?}.{which}"));
        let mut ready = Ready::new(operation, [key("a"), key("b"), key("c")], &direct).await;
        proxy.set(mode).await;
        let error = ready.make(&lossy).await.unwrap_err();
        assert!(error.may_have_charged(), "{operation:?}: {error}");
        ready.assert_executed_once(&direct).await;
        heal(&proxy, &lossy, &key("a")).await;
        if ready.has_id() {
            ready.make(&lossy).await.unwrap();
        }
        ready.assert_executed_once(&direct).await;
    }
    lossy.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_never_comes_was_executed_once() {
    lose(Mode::DropReplies).await;
}

#[tokio::test]
async fn an_answer_before_which_the_connection_ends_was_executed_once() {
    lose(Mode::DropRepliesAndCut).await;
}

#[tokio::test]
async fn an_answer_within_which_the_connection_ends_was_executed_once() {
    lose(Mode::Cut { after_bytes: 2 }).await;
}

#[tokio::test]
async fn an_answer_within_which_the_connection_is_reset_was_executed_once() {
    lose(Mode::Reset { after_bytes: 2 }).await;
}
