//! Leases on which the store fails, held along with others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquired, Acquisition, Error, ErrorKind, HeldLease, Key, Lease, LeaseRequest, Result, Scope, SlotLimiter,
    Source,
};
use limiter_layers::{CircuitBreaker, CircuitBreakerLayer, LeaseKeeper, SlotGuard};
use tokio::time::{sleep, timeout};

const S: Duration = Duration::from_secs(1);
const TTL: Duration = Duration::from_secs(30);

/// Renews what it can, and errs for a call as a whole where it can't renew all, as stores do.
#[derive(Debug)]
struct InParts {
    /// Every so-manieth key is stuck, from the first on.
    stuck: Mutex<usize>,
    /// How long a stuck one takes to fail. `None`: it hangs.
    fails_after: Option<Duration>,
    renewals: AtomicUsize,
    under_way: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl InParts {
    fn new(stuck: usize, fails_after: Option<Duration>) -> Arc<Self> {
        Arc::new(Self {
            stuck: Mutex::new(stuck),
            fails_after,
            renewals: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        })
    }

    fn is_stuck(&self, lease: &Lease) -> bool {
        let place: usize = lease.keys()[0].subject().parse().unwrap();
        place.is_multiple_of(*self.stuck.lock().unwrap())
    }
}

#[async_trait]
impl SlotLimiter for InParts {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let lease = request.lease();
        Ok(Acquisition::Acquired(Acquired { lease, in_use: vec![1], source: Source::Store }))
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.renewals.fetch_add(1, Ordering::SeqCst);
        let at_once = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        sleep(Duration::from_millis(1)).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        if !leases.iter().any(|lease| self.is_stuck(lease)) {
            return Ok(vec![true; leases.len()]);
        }
        match self.fails_after {
            Some(wait) => sleep(wait).await,
            None => std::future::pending().await,
        }
        Err(Error::new(ErrorKind::Timeout, "planted").possibly_charged())
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

/// So many leases, each on a key of its own.
async fn held(keeper: &LeaseKeeper, count: usize) -> Vec<SlotGuard> {
    let mut guards = Vec::with_capacity(count);
    for place in 0..count {
        let key = Key::new("streams", &place.to_string()).unwrap();
        let request = LeaseRequest::new([Scope::new(key, 1)], TTL).unwrap();
        guards.push(keeper.acquire(&request).await.unwrap().into_result().unwrap());
    }
    guards
}

#[tokio::test(start_paused = true)]
async fn a_key_on_which_renewals_fail_takes_no_other_lease_along() {
    let (at_once, late) = (Some(Duration::ZERO), Some(4 * S));
    for (stuck, fails_after) in [(1000, at_once), (1000, late), (1000, None), (3, at_once), (3, Some(S))] {
        let store = InParts::new(stuck, fails_after);
        let keeper = LeaseKeeper::new(store.clone());
        let guards = held(&keeper, 500).await;
        sleep(4 * TTL).await;
        for (place, guard) in guards.iter().enumerate() {
            assert_eq!(
                guard.is_lost(),
                place.is_multiple_of(stuck),
                "{place}, {fails_after:?}, every {stuck}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_parted_goes_together_again_once_it_works() {
    let store = InParts::new(3, Some(S));
    let keeper = LeaseKeeper::new(store.clone());
    let guards = held(&keeper, 500).await;
    sleep(TTL / 3 + 6 * S).await;
    *store.stuck.lock().unwrap() = 1000;
    drop(guards.into_iter().next());
    sleep(TTL).await;
    store.renewals.store(0, Ordering::SeqCst);
    sleep(2 * TTL).await;
    let calls = store.renewals.load(Ordering::SeqCst);
    assert!(calls <= 30, "{calls} calls in two minutes");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_sees_few_renewals() {
    let store = InParts::new(1, Some(Duration::ZERO));
    let keeper = LeaseKeeper::new(store.clone());
    let guards = held(&keeper, 500).await;
    assert!(timeout(TTL, guards[0].lost()).await.is_ok());
    // They are tried for 20 s, about once a second.
    let calls = store.renewals.load(Ordering::SeqCst);
    assert!((15..=400).contains(&calls), "{calls} calls for 500 leases");
}

#[tokio::test(start_paused = true)]
async fn what_failed_in_an_outage_goes_together_again_at_once() {
    let store = InParts::new(1, Some(Duration::ZERO));
    let breaker = CircuitBreakerLayer::default().with_failures(5).with_open_for(S);
    let keeper = LeaseKeeper::new(Arc::new(CircuitBreaker::new(store.clone(), breaker)));
    let mut guards = held(&keeper, 3000).await;
    sleep(TTL / 3 + 5 * S).await;
    drop(guards.remove(0));
    *store.stuck.lock().unwrap() = 1_000_000;
    store.renewals.store(0, Ordering::SeqCst);
    sleep(5 * S).await;
    let calls = store.renewals.load(Ordering::SeqCst);
    assert!((2..=300).contains(&calls), "{calls} calls for 3000 leases");
    sleep(TTL).await;
    assert!(!guards.iter().any(SlotGuard::is_lost));
}

#[tokio::test(start_paused = true)]
async fn few_renewals_that_are_repeated_are_under_way_at_once() {
    // Half of the keys work, so nearly all leases end up alone.
    let store = InParts::new(2, Some(Duration::ZERO));
    let keeper = LeaseKeeper::new(store.clone());
    let guards = held(&keeper, 1000).await;
    sleep(TTL).await;
    let lost = guards.iter().filter(|guard| guard.is_lost()).count();
    let at_once = store.most_at_once.load(Ordering::SeqCst);
    assert_eq!((lost, at_once), (500, 16));
}
