//! A store with the layer around it, and a fallback beside.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    Backend, Key, Lease, LeaseRequest, Limit, Period, Quota, QuotaCharge, Reservation, Scope, limit,
};
use limiter_layers::{Layer, WhenUnavailable, WhenUnavailableLayer};
use tokio::time::sleep;

use crate::store::{State, Store};

pub(crate) const S: Duration = Duration::from_secs(1);
pub(crate) const TTL: Duration = Duration::from_secs(60);
pub(crate) const FIVE: Limit = limit!("5/min");

/// Each choice once.
pub(crate) const CHOICES: [WhenUnavailable; 3] =
    [WhenUnavailable::Refuse, WhenUnavailable::Allow, WhenUnavailable::Fallback];

pub(crate) struct Rig {
    pub(crate) store: Arc<Store>,
    pub(crate) fallback: Arc<Store>,
    pub(crate) backend: Backend,
}

impl Rig {
    pub(crate) fn new(choice: WhenUnavailable) -> Self {
        Self::with_queue(choice, WhenUnavailableLayer::DEFAULT_QUEUE)
    }

    pub(crate) fn with_queue(choice: WhenUnavailable, most: usize) -> Self {
        let (store, fallback) = (Store::new(), Store::new());
        let layer = WhenUnavailableLayer::default()
            .with_rates(choice)
            .with_slots(choice)
            .with_quotas(choice)
            .with_fallback(Backend::new("other", Arc::clone(&fallback)))
            .with_queue(most);
        Self { backend: layer.wrap(store.backend()), store, fallback }
    }

    /// The store is well again, and what waited has been sent.
    pub(crate) async fn recover(&self) {
        self.store.set(State::Well);
        sleep(5 * S).await;
    }

    /// Settles a reservation, and is told an outcome.
    pub(crate) async fn settle(&self, reservation: &Reservation, units: u64) {
        use limiter_core::QuotaTrackerExt;
        let told = self.backend.quotas.settle_one(reservation, units).await.unwrap();
        assert!(told.is_allowed());
    }

    /// Leases of [`streams`] in the store and in the fallback.
    pub(crate) async fn held(&self) -> (u64, u64) {
        use limiter_core::SlotLimiter;
        let key = streams();
        (self.store.memory.in_use(&key).await.unwrap(), self.fallback.memory.in_use(&key).await.unwrap())
    }

    /// Units of [`bytes`] that are used in the store and in the fallback.
    pub(crate) async fn used(&self) -> (u64, u64) {
        let (store, fallback) = self.standing().await;
        (store.0, fallback.0)
    }

    /// Units of [`bytes`] that are set aside in the store and in the fallback.
    pub(crate) async fn reserved(&self) -> (u64, u64) {
        let (store, fallback) = self.standing().await;
        (store.1, fallback.1)
    }

    async fn standing(&self) -> ((u64, u64), (u64, u64)) {
        use limiter_core::QuotaTracker;
        let store = self.store.memory.check(&bytes(), &day()).await.unwrap();
        let fallback = self.fallback.memory.check(&bytes(), &day()).await.unwrap();
        ((store.used, store.reserved), (fallback.used, fallback.reserved))
    }
}

pub(crate) fn chat() -> Key {
    Key::new("chat", "u1").unwrap()
}

pub(crate) fn streams() -> Key {
    Key::new("streams", "u1").unwrap()
}

pub(crate) fn bytes() -> Key {
    Key::new("bytes", "u1").unwrap()
}

/// A million a day.
pub(crate) fn day() -> Quota {
    Quota::new(1_000_000, Period::Day).unwrap()
}

/// A request for one slot of [`streams`].
pub(crate) fn request(cap: u64) -> LeaseRequest {
    LeaseRequest::new([Scope::new(streams(), cap)], TTL).unwrap()
}

pub(crate) fn reservation(amount: u64) -> Reservation {
    Reservation::new([QuotaCharge::new(bytes(), day(), amount)], TTL).unwrap()
}

/// A slot that is granted.
pub(crate) async fn lease(rig: &Rig) -> Lease {
    rig.backend.slots.acquire(&request(100_000)).await.unwrap().into_result().unwrap()
}
