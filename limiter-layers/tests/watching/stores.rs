//! What is told where parts live in several stores, and what a success tells of one.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Backend, ErrorKind, Key, LeaseRequest, Limit, Period, Quota, RateLimiterExt, Scope};
use limiter_layers::{Layer, ObserveLayer, WhenUnavailableLayer};

use crate::scene::{Scene, play};
use crate::store::{Fault, Store};

const MINUTE: Duration = Duration::from_secs(60);

fn limit() -> Limit {
    Limit::fixed_window(9_999, MINUTE).unwrap()
}

fn key(space: &str) -> Key {
    Key::new(space, "u1").unwrap()
}

fn request(space: &str) -> LeaseRequest {
    LeaseRequest::new([Scope::new(key(space), 9)], MINUTE).unwrap()
}

/// What is told of stores that went down or came back.
fn told(scene: &Scene) -> Vec<String> {
    let outage =
        |line: &String| line.contains("the store is down") || line.contains("the store answers again");
    scene.listener.lines().into_iter().filter(outage).collect()
}

/// Rates in one store, slots and quotas in another, and that one.
fn in_two_stores() -> (Backend, Arc<Store>) {
    let (rates, others) = (Store::new(), Store::new());
    let mut backend = rates.backend();
    backend.slots = others.clone();
    backend.quotas = others.clone();
    let observe = ObserveLayer::default().with_metrics().with_traces();
    (observe.wrap_stores(backend, ["well", "ill", "ill"]), others)
}

#[test]
fn an_outage_is_told_once_of_the_store_that_is_down() {
    play(async |scene| {
        let (backend, ill) = in_two_stores();
        let quota = Quota::new(9, Period::Day).unwrap();
        ill.fault(Fault::Fails(ErrorKind::Unavailable));
        for _ in 0..3 {
            let _ = backend.rates.hit_one(&key("chat"), &limit()).await.unwrap();
            assert!(backend.slots.acquire(&request("streams")).await.is_err());
            assert!(backend.quotas.check(&key("bytes"), &quota).await.is_err());
            backend.control.ping().await.unwrap();
        }
        let told = told(&scene);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("WARN") && told[0].contains(r#"backend="ill""#), "{told:?}");
        let metrics = scene.metrics();
        let count = |name: &str| metrics.get(name).copied();
        assert_eq!(count("limiter_store_up{backend=well}"), Some(1.0));
        assert_eq!(count("limiter_store_up{backend=ill}"), Some(0.0));
        assert_eq!(count("limiter_store_up{backend=well, ill}"), None, "a ping asks both");
        for call in ["part=rates,operation=hit,backend=well", "part=slots,operation=acquire,backend=ill"] {
            assert_eq!(count(&format!("limiter_call_seconds{{{call}}}")), Some(3.0), "{call}");
        }
        let errors = "limiter_errors_total{part=quotas,operation=check,kind=unavailable,backend=ill}";
        assert_eq!(count(errors), Some(3.0));
        let pings = "limiter_call_seconds{part=control,operation=ping,backend=well, ill}";
        assert_eq!(count(pings), Some(3.0));
    });
}

#[test]
fn what_nothing_limits_tells_of_no_store() {
    play(async |scene| {
        for store in [Store::new(), Store::distant()] {
            let backend = ObserveLayer::default().with_metrics().wrap(store.backend());
            assert!(backend.rates.hit_one(&key("chat"), &Limit::UNLIMITED).await.unwrap().is_allowed());
        }
        assert_eq!(scene.metrics().get("limiter_store_up{backend=model}"), None);
    });
}

#[test]
fn what_only_waits_to_be_sent_ends_no_outage() {
    play(async |scene| {
        let store = Store::new();
        let inner = WhenUnavailableLayer::default().wrap(store.backend());
        let backend = ObserveLayer::default().with_traces().with_metrics().wrap(inner);
        let requests = ["a", "b", "c"].map(request);
        for request in &requests {
            let _ = backend.slots.acquire(request).await.unwrap();
        }
        store.fault(Fault::Fails(ErrorKind::Unavailable));
        for request in &requests {
            assert!(backend.slots.acquire(request).await.is_err());
            assert_eq!(backend.slots.release(&[request.lease()]).await.unwrap(), [true]);
        }
        let told = told(&scene);
        assert!(told.len() == 1 && told[0].starts_with("WARN"), "{told:?}");
        assert_eq!(scene.metrics().get("limiter_store_up{backend=model}"), Some(&0.0));
    });
}
