//! What a client owes its callers when the network fails.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use limiter_core::{
    Backend, Charge, Control, Error, ErrorKind, Key, LeaseRequest, Limit, Period, Quota, QuotaCharge,
    QuotaTracker, QuotaTrackerExt, RateLimiter, RateLimiterExt, Receipt, Reservation, Result, Scope,
    SlotLimiter, Source, SystemClock, limit,
};
use limiter_testkit::Model;
use limiter_testkit::proxy::{Mode, Proxy};
use tokio::time::sleep;

use crate::client::Remote;
use crate::server::Server;

const TIMEOUT: Duration = Duration::from_millis(300);
const LIMIT: Limit = limit!("5/day");
const TTL: Duration = Duration::from_secs(60);

/// A client through a proxy, and one that always gets through.
struct Way {
    proxy: Proxy,
    client: Remote,
    direct: Remote,
}

impl Way {
    async fn new() -> Self {
        let server = Server::start(Backend::new("model", Arc::new(Model::new(SystemClock::default()))));
        let proxy = Proxy::start(server.address()).await.unwrap();
        let client = Remote::new(proxy.address().to_string(), TIMEOUT);
        let direct = Remote::new(server.address().to_string(), Duration::from_secs(20));
        Self { proxy, client, direct }
    }

    async fn used(&self, key: &Key) -> u64 {
        5 - self.direct.peek(&[Charge::new(key, &LIMIT)]).await.unwrap().outcomes()[0].remaining()
    }

    /// Waits until the server has executed what was sent.
    async fn executed(&self, requests: u64) {
        let waited = Instant::now();
        while self.proxy.counts().requests_swallowed < requests {
            assert!(waited.elapsed() < Duration::from_secs(10), "{:?}", self.proxy.counts());
            sleep(Duration::from_millis(2)).await;
        }
    }
}

fn key() -> Key {
    Key::new("chat", "u1").unwrap()
}

fn lost(error: &Error, kind: ErrorKind) {
    assert_eq!((error.kind(), error.may_have_charged()), (kind, true), "{error}");
}

#[tokio::test]
async fn a_hit_of_which_the_reply_is_lost_is_charged_once_and_says_that_it_may_be() {
    for (mode, kind) in
        [(Mode::DropReplies, ErrorKind::Timeout), (Mode::DropRepliesAndCut, ErrorKind::Unavailable)]
    {
        let (way, key) = (Way::new().await, key());
        assert!(way.client.hit_one(&key, &LIMIT).await.unwrap().is_allowed());
        way.proxy.set(mode).await;
        lost(&way.client.hit_one(&key, &LIMIT).await.unwrap_err(), kind);
        way.executed(1).await;
        assert_eq!(way.used(&key).await, 2);
        way.proxy.set(Mode::Forward).await;
        assert!(
            way.client.hit_one(&key, &LIMIT).await.unwrap().is_allowed(),
            "the client recovers by itself"
        );
        assert_eq!(way.used(&key).await, 3);
    }
}

#[tokio::test]
async fn an_acquire_of_which_the_reply_is_lost_can_be_repeated() {
    let (way, key) = (Way::new().await, key());
    let request = LeaseRequest::new([Scope::new(key.clone(), 1)], TTL).unwrap();
    way.proxy.set(Mode::DropRepliesAndCut).await;
    lost(&way.client.acquire(&request).await.unwrap_err(), ErrorKind::Unavailable);
    way.proxy.set(Mode::Forward).await;
    assert!(way.client.acquire(&request).await.unwrap().is_acquired());
    assert_eq!(way.direct.in_use(&key).await.unwrap(), 1);
}

#[tokio::test]
async fn a_settle_of_which_the_reply_is_lost_can_be_repeated() {
    let (way, key) = (Way::new().await, key());
    let quota = Quota::new(100, Period::Year).unwrap();
    let (reservation, _) = way.client.reserve_one(&key, &quota, 30, TTL).await.unwrap();
    way.proxy.set(Mode::DropRepliesAndCut).await;
    lost(&way.client.settle_one(&reservation, 20).await.unwrap_err(), ErrorKind::Unavailable);
    way.proxy.set(Mode::Forward).await;
    assert_eq!(way.client.settle_one(&reservation, 20).await.unwrap().used, 20);
}

#[tokio::test]
async fn a_reply_that_breaks_off_is_none() {
    let (way, key) = (Way::new().await, key());
    for mode in [Mode::Cut { after_bytes: 5 }, Mode::Reset { after_bytes: 5 }] {
        way.proxy.set(mode).await;
        lost(&way.client.hit_one(&key, &LIMIT).await.unwrap_err(), ErrorKind::Unavailable);
    }
    assert_eq!(way.used(&key).await, 2);
}

#[tokio::test]
async fn a_server_that_is_gone_has_charged_nothing_and_is_found_again() {
    let (way, key) = (Way::new().await, key());
    way.proxy.set(Mode::Down).await;
    let error = way.client.hit_one(&key, &LIMIT).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false), "{error}");
    way.proxy.set(Mode::Forward).await;
    assert!(way.client.hit_one(&key, &LIMIT).await.unwrap().is_allowed());
    assert_eq!(way.used(&key).await, 1);
}

#[tokio::test]
async fn a_slow_server_is_waited_for() {
    let (way, key) = (Way::new().await, key());
    way.proxy.set(Mode::Delay(Duration::from_millis(20))).await;
    assert!(way.client.hit_one(&key, &LIMIT).await.unwrap().is_allowed());
}

/// A call that times out, as long as its timeout and at most 100 ms more. How late this machine is by itself is seen
/// from a sleep of the same length.
async fn times_out<T>(call: impl Future<Output = Result<T>>, changes: bool) {
    let started = Instant::now();
    let ((error, took), slept) =
        tokio::join!(async { (call.await.err().unwrap(), started.elapsed()) }, async {
            sleep(TIMEOUT).await;
            started.elapsed()
        },);
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Timeout, changes), "{error}");
    assert!(took <= slept + Duration::from_millis(100), "{error}: took {took:?}");
    assert!(took >= TIMEOUT, "{error}: took {took:?}");
}

#[tokio::test]
async fn with_a_server_that_stalls_every_call_ends_with_its_timeout() {
    let (way, key) = (Way::new().await, key());
    way.client.ping().await.unwrap();
    way.proxy.set(Mode::Stall).await;
    let (client, quota) = (&way.client, Quota::new(100, Period::Year).unwrap());
    let charges = [Charge::new(&key, &LIMIT)];
    let mut receipt = Receipt::new(Source::Store);
    receipt.add(&charges[0], 1_700_000_000_000).unwrap();
    let request = LeaseRequest::new([Scope::new(key.clone(), 1)], TTL).unwrap();
    let leases = [request.lease()];
    let reservation = Reservation::new([QuotaCharge::new(key.clone(), quota, 1)], TTL).unwrap();
    let settlement = reservation.cancellation();
    tokio::join!(
        times_out(client.hit(&charges), true),
        times_out(client.peek(&charges), false),
        times_out(client.refund(receipt), true),
        times_out(RateLimiter::reset(client, &key, &LIMIT), true),
        times_out(client.acquire(&request), true),
        times_out(client.renew(&leases), true),
        times_out(client.release(&leases), true),
        times_out(client.in_use(&key), false),
        times_out(client.leases(&key), false),
        times_out(client.check(&key, &quota), false),
        times_out(client.record(&key, &quota, 1), true),
        times_out(client.reserve(&reservation), true),
        times_out(client.settle(&settlement), true),
        times_out(QuotaTracker::reset(client, &key, &quota), true),
        times_out(client.ping(), false),
    );
}
