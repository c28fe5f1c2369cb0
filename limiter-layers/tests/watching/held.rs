//! Slots held by this process, and what becomes of leases.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    Acquisition, Backend, ErrorKind, Key, Lease, LeaseRequest, ManualClock, Scope, SlotLimiter as _,
    SlotLimiterExt,
};
use limiter_layers::{Layer, LeaseKeeper, ObserveLayer, Slot};
use tokio::time::{advance, sleep};

use crate::scene::{Scene, play};
use crate::store::{Fault, Store};

const TTL: Duration = Duration::from_secs(30);

fn observed() -> (Arc<Store>, Backend) {
    let store = Store::new();
    let backend = ObserveLayer::default().with_metrics().wrap(store.backend());
    (store, backend)
}

fn request(permits: u64) -> LeaseRequest {
    let scopes = [("streams", "", 100), ("streams", "u1", 90), ("uploads", "u1", 80)];
    let scopes = scopes.map(|(space, subject, cap)| Scope::new(Key::new(space, subject).unwrap(), cap));
    LeaseRequest::new(scopes, TTL).unwrap().with_permits(permits).unwrap()
}

async fn acquire(backend: &Backend, request: &LeaseRequest) -> Lease {
    let Acquisition::Acquired(acquired) = backend.slots.acquire(request).await.unwrap() else {
        panic!("full");
    };
    acquired.lease
}

/// By how much the gauge of a space has moved.
fn moved(scene: &Scene, space: &str) -> f64 {
    let of_space = format!("space={space},");
    let moved =
        scene.metrics_of("limiter_slots_held").into_iter().find(|(labels, _)| labels.contains(&of_space));
    moved.map_or(0.0, |(_, value)| value)
}

fn events(scene: &Scene) -> Vec<(String, f64)> {
    let told = scene.metrics_of("limiter_lease_events_total").into_iter();
    told.map(|(labels, count)| (labels.replace(",backend=model", ""), count)).collect()
}

fn of(events: &[(&str, &str, f64)]) -> Vec<(String, f64)> {
    events.iter().map(|(event, space, count)| (format!("{{event={event},space={space}}}"), *count)).collect()
}

#[test]
fn a_lease_counts_once_in_each_of_its_spaces_with_its_permits() {
    play(async |scene| {
        let (_store, backend) = observed();
        let asked = request(3);
        let lease = acquire(&backend, &asked).await;
        assert!((moved(&scene, "streams") - 3.0).abs() < 0.1);
        acquire(&backend, &asked).await;
        assert!(moved(&scene, "streams").abs() < 0.1, "it was held already");
        assert!(backend.slots.release_one(&lease).await.unwrap());
        assert!((moved(&scene, "uploads") + 3.0).abs() < 0.1);
        assert!(!backend.slots.release_one(&lease).await.unwrap());
        assert!(moved(&scene, "uploads").abs() < 0.1, "it left before");
    });
}

#[test]
fn what_becomes_of_leases_is_told_once() {
    play(async |scene| {
        let (store, backend) = observed();
        let lease = acquire(&backend, &request(1)).await;
        assert_eq!(events(&scene), of(&[("granted", "streams", 1.0), ("granted", "uploads", 1.0)]));
        let Acquisition::Full(_) = backend.slots.acquire(&request(85)).await.unwrap() else {
            panic!("granted")
        };
        assert_eq!(events(&scene), of(&[("refused", "uploads", 1.0)]));
        assert!(backend.slots.renew_one(&lease).await.unwrap());
        assert_eq!(events(&scene), of(&[("renewed", "streams", 1.0), ("renewed", "uploads", 1.0)]));
        assert!(store.model.release_one(&lease).await.unwrap());
        assert!(!backend.slots.renew_one(&lease).await.unwrap());
        assert_eq!(events(&scene), of(&[("lost", "streams", 1.0), ("lost", "uploads", 1.0)]));
        assert!(!backend.slots.release_one(&lease).await.unwrap());
        assert_eq!(events(&scene), of(&[]));
        let lease = acquire(&backend, &request(1)).await;
        events(&scene);
        assert!(backend.slots.release_one(&lease).await.unwrap());
        assert_eq!(events(&scene), of(&[("released", "streams", 1.0), ("released", "uploads", 1.0)]));
    });
}

#[test]
fn a_lost_lease_leaves_the_gauge_once() {
    play(async |scene| {
        let (store, backend) = observed();
        let lease = acquire(&backend, &request(2)).await;
        assert!(store.model.release_one(&lease).await.unwrap());
        assert!((moved(&scene, "streams") - 2.0).abs() < 0.1, "in");
        assert!(!backend.slots.renew_one(&lease).await.unwrap());
        assert!((moved(&scene, "streams") + 2.0).abs() < 0.1, "out");
        assert!(!backend.slots.release_one(&lease).await.unwrap());
        assert!(moved(&scene, "streams").abs() < 0.1, "out before");
    });
}

#[test]
fn leases_that_nobody_releases_leave_the_gauge_after_they_have_run_out() {
    play(async |scene| {
        let clock = ManualClock::new(1_700_000_000_000);
        let store = Arc::new(Store::on(clock.clone(), true));
        let backend = ObserveLayer::default().with_metrics().wrap(store.backend());
        for _ in 0..64 {
            acquire(&backend, &request(1)).await;
        }
        let renewed = acquire(&backend, &request(1)).await;
        advance(TTL / 2).await;
        clock.advance(TTL / 2);
        assert!(backend.slots.renew_one(&renewed).await.unwrap());
        advance(TTL / 2).await;
        clock.advance(TTL / 2);
        for _ in 0..70 {
            acquire(&backend, &request(1)).await;
        }
        let metrics = scene.metrics();
        let told = |name: &str| metrics.get(name).copied().unwrap_or_default();
        assert!((told("limiter_slots_held{space=streams,backend=model}") - 71.0).abs() < 0.1, "{metrics:?}");
        let expired = told("limiter_lease_events_total{event=expired,space=uploads,backend=model}");
        assert!((expired - 64.0).abs() < 0.1, "{metrics:?}");
    });
}

#[test]
fn a_lease_that_ran_out_leaves_the_gauge_however_few_there_are() {
    play(async |scene| {
        let clock = ManualClock::new(1_700_000_000_000);
        let store = Arc::new(Store::on(clock.clone(), true));
        let backend = ObserveLayer::default().with_metrics().wrap(store.backend());
        acquire(&backend, &request(2)).await;
        assert!((moved(&scene, "streams") - 2.0).abs() < 0.1, "in");
        advance(2 * TTL).await;
        clock.advance(2 * TTL);
        let other = acquire(&backend, &request(1)).await;
        let metrics = scene.metrics();
        let told = |name: &str| metrics.get(name).copied().unwrap_or_default();
        let held = told("limiter_slots_held{space=streams,backend=model}");
        assert!((held + 1.0).abs() < 0.1, "one in, two out: {held}");
        let expired = told("limiter_lease_events_total{event=expired,space=streams,backend=model}");
        assert!((expired - 1.0).abs() < 0.1, "{metrics:?}");
        assert!(backend.slots.release_one(&other).await.unwrap());
        assert!((moved(&scene, "streams") + 1.0).abs() < 0.1, "out");
    });
}

#[test]
fn a_lease_whose_renewal_is_answered_late_is_held_again() {
    play(async |scene| {
        let store = Store::new();
        let backend = ObserveLayer::default().with_metrics().wrap(store.backend());
        let lease = acquire(&backend, &request(1)).await;
        // The store's clock stands still, as if it had renewed the lease long before it says so.
        advance(2 * TTL).await;
        let _ = backend.slots.acquire(&request(85)).await.unwrap();
        assert!(moved(&scene, "streams").abs() < 0.1, "in and out");
        assert!(backend.slots.renew_one(&lease).await.unwrap());
        assert!((moved(&scene, "streams") - 1.0).abs() < 0.1, "in again");
    });
}

#[test]
fn a_renewal_that_is_answered_after_the_release_holds_nothing() {
    play(async |scene| {
        let (store, backend) = observed();
        let lease = acquire(&backend, &request(1)).await;
        assert!(backend.slots.release_one(&lease).await.unwrap());
        // As the answer of a renewal that the store made before the release, and that was overtaken by it.
        let _ = store.model.acquire(&request(1).with_id(lease.id().clone())).await.unwrap();
        assert!(backend.slots.renew_one(&lease).await.unwrap());
        assert!(moved(&scene, "streams").abs() < 0.1, "in and out");
        advance(3 * TTL).await;
        let _ = backend.slots.acquire(&request(85)).await.unwrap();
        assert!(!events(&scene).iter().any(|(labels, _)| labels.contains("expired")));
    });
}

#[test]
fn the_keeper_counts_what_it_loses_and_gives_up() {
    play(async |scene| {
        let (store, backend) = observed();
        let keeper = LeaseKeeper::new(Arc::clone(&backend.slots));
        let Slot::Acquired(guard) = keeper.acquire(&request(1)).await.unwrap() else { panic!("full") };
        store.fault(Fault::Fails(ErrorKind::Unavailable));
        guard.lost().await;
        sleep(2 * TTL).await;
        let metrics = scene.metrics();
        for name in
            ["limiter_leases_lost_total{space=streams}", "limiter_releases_given_up_total{space=streams}"]
        {
            let told = metrics.get(name).copied().unwrap_or_default();
            assert!((told - 1.0).abs() < 0.1, "{name}: {told}");
        }
    });
}
