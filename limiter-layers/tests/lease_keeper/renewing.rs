use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquired, Acquisition, Error, ErrorKind, HeldLease, Key, Lease, LeaseId, LeaseRequest, Result,
    SlotLimiter, Source,
};
use limiter_layers::LeaseKeeper;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::store::{Fault, Operation, Store, TTL, slot, slots, streams};

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn many_leases_are_renewed_at_a_third_of_their_ttl_in_one_call() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let start = Instant::now();
    let mut guards = Vec::new();
    for _ in 0..200 {
        guards.push(slot(&keeper, TTL).await);
        sleep(5 * MS).await;
    }
    sleep_until(start + TTL / 3 - 10 * MS).await;
    assert_eq!(store.count(Operation::Renew), 0, "not before a third");
    for round in 1..=9 {
        sleep_until(start + TTL / 3 * round + 20 * MS).await;
        let calls = store.calls(Operation::Renew);
        assert_eq!(calls.len(), round as usize, "one call each third");
        assert!(calls.iter().all(|call| call.leases == 200), "{calls:?}");
    }
    assert_eq!(store.held(&streams()).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_call_renews_at_most_500() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let _guards = slots(&keeper, 1200, TTL).await;
    sleep(TTL / 2).await;
    let sizes: Vec<_> = store.calls(Operation::Renew).iter().map(|call| call.leases).collect();
    assert_eq!(sizes, [500, 500, 200]);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_never_lost_while_renewals_work() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    for ttl in [TTL, 200 * MS, 5 * MS] {
        let guard = slot(&keeper, ttl).await;
        let before = store.count(Operation::Renew);
        let lost = timeout(100 * ttl, guard.lost()).await;
        assert!(lost.is_err() && !guard.is_lost(), "lost at a TTL of {ttl:?}");
        assert_eq!(store.held(&streams()).await, 1);
        let renewals = store.count(Operation::Renew) - before;
        assert!((250..=400).contains(&renewals) || ttl == 5 * MS, "{renewals} renewals");
        assert!(guard.release().await.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn short_and_long_leases_each_keep_their_pace() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let short = slot(&keeper, 3000 * MS).await;
    let long = slot(&keeper, Duration::from_secs(3600)).await;
    sleep(Duration::from_secs(2 * 3600)).await;
    assert!(!short.is_lost() && !long.is_lost());
    let with_both = store.calls(Operation::Renew).iter().filter(|call| call.leases == 2).count();
    assert!((6..=8).contains(&with_both), "the long one went along {with_both} times");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_takes_half_a_ttl_to_answer_is_fast_enough() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let guard = slot(&keeper, TTL).await;
    store.always(Operation::Renew, Fault::Slow(TTL / 4, TTL / 4));
    assert!(timeout(20 * TTL, guard.lost()).await.is_err());
    assert!(store.count(Operation::Renew) < 100, "asked again too often");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_repeated_while_there_is_time() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let guard = slot(&keeper, TTL).await;
    for kind in [ErrorKind::Unavailable, ErrorKind::Protocol] {
        store.next(15, Operation::Renew, Fault::Fails(kind));
        assert!(timeout(2 * TTL, guard.lost()).await.is_err(), "{kind}");
    }
    store.next(1, Operation::Renew, Fault::Panics);
    assert!(timeout(2 * TTL, guard.lost()).await.is_err());
    assert_eq!(store.held(&streams()).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_is_asked_for_again_and_stops_nobody() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let first = slot(&keeper, TTL).await;
    sleep(TTL / 6).await;
    let second = slot(&keeper, TTL).await;
    store.next(1, Operation::Renew, Fault::Hangs);
    sleep(TTL / 6 + 10 * MS).await;
    assert_eq!(store.count(Operation::Renew), 1, "the first one's hangs");
    sleep(TTL / 6).await;
    assert_eq!(store.count(Operation::Renew), 2, "the second one's goes on");
    assert!(second.release().await.unwrap(), "and so do releases");
    assert!(timeout(3 * TTL, first.lost()).await.is_err());
}

/// A store that grants every other lease in the place of another, which is down.
#[derive(Debug, Default)]
struct Mixed {
    granted: Mutex<Vec<(LeaseId, Source)>>,
}

impl Mixed {
    fn source_of(&self, lease: &Lease) -> Source {
        let granted = self.granted.lock().unwrap();
        granted.iter().find(|(id, _)| id == lease.id()).unwrap().1
    }
}

#[async_trait]
impl SlotLimiter for Mixed {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let mut granted = self.granted.lock().unwrap();
        let source = if granted.len().is_multiple_of(2) { Source::Store } else { Source::Fallback };
        granted.push((request.id().clone(), source));
        Ok(Acquisition::Acquired(Acquired { lease: request.lease(), in_use: vec![1], source }))
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        if leases.iter().any(|lease| self.source_of(lease) == Source::Store) {
            return Err(Error::new(ErrorKind::Unavailable, "the store is down"));
        }
        Ok(vec![true; leases.len()])
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        Ok(vec![true; leases.len()])
    }

    async fn in_use(&self, _: &Key) -> Result<u64> {
        Ok(0)
    }

    async fn leases(&self, _: &Key) -> Result<Vec<HeldLease>> {
        Ok(Vec::new())
    }
}

#[tokio::test(start_paused = true)]
async fn leases_granted_elsewhere_outlive_a_store_that_is_down() {
    let keeper = LeaseKeeper::new(Arc::new(Mixed::default()));
    let guards = slots(&keeper, 20, TTL).await;
    sleep(TTL * 3).await;
    for guard in guards {
        assert_eq!(guard.is_lost(), guard.source() == Source::Store, "{:?}", guard.source());
    }
}
