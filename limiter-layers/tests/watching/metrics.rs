//! Which metrics tell what, each once a call.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    Backend, Charge, ErrorKind, Key, LeaseRequest, Limit, Period, Quota, QuotaCharge, QuotaTrackerExt,
    RateLimiterExt, Reservation, Scope, Source,
};
use limiter_layers::{Layer, ObserveLayer};

use crate::scene::{Scene, play};
use crate::store::{Fault, Store};

const MINUTE: Duration = Duration::from_secs(60);

fn observed() -> (Arc<Store>, Backend) {
    let store = Store::new();
    let backend = ObserveLayer::default().with_metrics().wrap(store.backend());
    (store, backend)
}

fn key(space: &str) -> Key {
    Key::new(space, "u1").unwrap()
}

fn assert_told(scene: &Scene, name: &str, wanted: &[(&str, f64)]) {
    let wanted: Vec<_> = wanted.iter().map(|(labels, value)| (format!("{{{labels}}}"), *value)).collect();
    let told = scene.metrics();
    let told = told.into_iter().filter_map(|(key, value)| Some((key.strip_prefix(name)?.to_owned(), value)));
    assert_eq!(told.filter(|(_, value)| *value != 0.0).collect::<Vec<_>>(), wanted, "{name}");
}

#[test]
fn decisions_are_told_by_each_limit() {
    play(async |scene| {
        let (store, backend) = observed();
        let (chat, login) = (key("chat"), key("login"));
        let (one, five) = (Limit::fixed_window(1, MINUTE).unwrap(), Limit::fixed_window(5, MINUTE).unwrap());
        let charges = [Charge::new(&chat, &five), Charge::new(&login, &one)];
        for _ in 0..3 {
            let _ = backend.rates.hit_all(&charges).await.unwrap();
        }
        let _ = backend.rates.peek(&charges).await.unwrap();
        store.fault(Fault::From(Source::Cache));
        let _ = backend.rates.hit_all(&charges).await.unwrap();
        let chat = "part=rates,space=chat,limit=fixed 5/min,backend=model";
        let login = "part=rates,space=login,limit=fixed 1/min,backend=model";
        let wanted = [
            (&*format!("{chat},outcome=allowed,source=store"), 1.0),
            (&*format!("{login},outcome=allowed,source=store"), 1.0),
            (&*format!("{login},outcome=denied,source=cache"), 1.0),
            (&*format!("{login},outcome=denied,source=store"), 2.0),
        ];
        assert_told(&scene, "limiter_decisions_total", &wanted);
    });
}

/// Without outcomes too, as where nobody counted.
#[test]
fn what_is_let_through_counts_for_all_charges() {
    play(async |scene| {
        let store = Store::new();
        let shadow = limiter_layers::ShadowLayer::default().with_rates().wrap(store.backend());
        let backend = ObserveLayer::default().with_metrics().wrap(shadow);
        let (chat, login, none) = (key("chat"), key("login"), Limit::fixed_window(0, MINUTE).unwrap());
        let charges = [Charge::new(&chat, &none), Charge::new(&login, &none)];
        assert!(backend.rates.hit_all(&charges).await.unwrap().is_allowed());
        let labels = |space| {
            format!("part=rates,space={space},limit=fixed 0/min,backend=model,outcome=allowed,source=shadow")
        };
        assert_told(&scene, "limiter_decisions_total", &[(&labels("chat"), 1.0), (&labels("login"), 1.0)]);
    });
}

#[test]
fn slots_and_quotas_decide_too() {
    play(async |scene| {
        let (_store, backend) = observed();
        let scopes = [Scope::new(key("all"), 9), Scope::new(key("streams"), 1)];
        for _ in 0..2 {
            let request = LeaseRequest::new(scopes.clone(), MINUTE).unwrap();
            let _ = backend.slots.acquire(&request).await.unwrap();
        }
        let quota = Quota::new(10, Period::Day).unwrap();
        let bytes = key("bytes");
        let _ = backend.quotas.check(&bytes, &quota).await.unwrap();
        let (reservation, _) = backend.quotas.reserve_one(&bytes, &quota, 4, MINUTE).await.unwrap();
        let _ = backend.quotas.settle_one(&reservation, 3).await.unwrap();
        let _ = backend.quotas.record(&bytes, &quota, 7).await.unwrap();
        let charges = [QuotaCharge::new(key("other"), quota, 1), QuotaCharge::new(bytes.clone(), quota, 5)];
        let _ = backend.quotas.reserve(&Reservation::new(charges, MINUTE).unwrap()).await.unwrap();
        let _ = backend.quotas.check(&bytes, &quota).await.unwrap();
        let metrics = scene.metrics();
        let told = |labels: &str, value: f64| {
            let (_, told) = metrics.iter().find(|(name, _)| name.contains(labels)).unwrap();
            assert!((told - value).abs() < 0.1, "{labels}: {told}, not {value}");
        };
        told("part=slots,space=all,limit=9 at a time,backend=model,outcome=allowed", 1.0);
        told("part=slots,space=streams,limit=1 at a time,backend=model,outcome=allowed", 1.0);
        told("part=slots,space=streams,limit=1 at a time,backend=model,outcome=denied", 1.0);
        told("part=quotas,space=bytes,limit=10/day,backend=model,outcome=allowed", 2.0);
        told("part=quotas,space=bytes,limit=10/day,backend=model,outcome=denied", 2.0);
        told("limiter_quota_units_total{what=recorded,space=bytes,limit=10/day,backend=model}", 7.0);
        told("limiter_quota_units_total{what=reserved,space=bytes,limit=10/day,backend=model}", 4.0);
        told("limiter_quota_units_total{what=settled,space=bytes,limit=10/day,backend=model}", 3.0);
        let decided = metrics.keys().filter(|name| name.starts_with("limiter_decisions_total"));
        assert_eq!(decided.count(), 5, "{metrics:?}");
    });
}

#[test]
fn each_call_is_timed_once_and_each_failure_counts_by_kind() {
    play(async |scene| {
        let store = Store::distant();
        let backend = ObserveLayer::default().with_metrics().wrap(store.backend());
        let (user, limit) = (key("chat"), Limit::fixed_window(5, MINUTE).unwrap());
        for kind in [None, Some(ErrorKind::Timeout), Some(ErrorKind::Capacity)] {
            store.fault(kind.map(Fault::Fails));
            assert_eq!(backend.rates.hit_one(&user, &limit).await.is_ok(), kind.is_none());
            assert_eq!(backend.control.ping().await.is_ok(), kind.is_none());
        }
        let seconds = scene.metrics();
        let count = |name: &str| seconds.get(name).copied().unwrap_or_default();
        let differs = |name: &str, wanted: f64| assert!((count(name) - wanted).abs() < 0.1, "{seconds:?}");
        differs("limiter_call_seconds{part=rates,operation=hit,backend=model}", 3.0);
        differs("limiter_call_seconds{part=control,operation=ping,backend=model}", 3.0);
        for kind in ["timeout", "capacity"] {
            differs(
                &format!("limiter_errors_total{{part=rates,operation=hit,kind={kind},backend=model}}"),
                1.0,
            );
            differs(
                &format!("limiter_errors_total{{part=control,operation=ping,kind={kind},backend=model}}"),
                1.0,
            );
        }
        let wanted = "limiter_decisions_total{part=rates,space=chat,limit=fixed 5/min,backend=model,outcome=allowed,source=store}";
        differs(wanted, 1.0);
    });
}

#[test]
fn the_store_is_up_or_down_as_the_last_call_learned() {
    play(async |scene| {
        let (store, backend) = observed();
        let (user, limit) = (key("chat"), Limit::fixed_window(9_999, MINUTE).unwrap());
        let up = async |fault: Option<Fault>| {
            store.fault(fault);
            let _ = backend.rates.hit_one(&user, &limit).await;
            let metrics = scene.metrics();
            metrics.get("limiter_store_up{backend=model}").copied()
        };
        let is = |told: Option<f64>, wanted: f64| told.is_some_and(|told| (told - wanted).abs() < 0.1);
        let fails = |kind| Some(Fault::Fails(kind));
        let from = |source| Some(Fault::From(source));
        assert!(is(up(None).await, 1.0));
        // Asked for its metrics, the recorder forgets a gauge's value: 0 is "not told anew".
        let news = [
            (fails(ErrorKind::InvalidRequest), 0.0),
            (fails(ErrorKind::Unavailable), 0.0),
            (fails(ErrorKind::InvalidRequest), 0.0),
            (fails(ErrorKind::Unsupported), 0.0),
            (fails(ErrorKind::Capacity), 1.0),
            (fails(ErrorKind::Timeout), 0.0),
            (fails(ErrorKind::Conflict), 1.0),
            (fails(ErrorKind::Unavailable), 0.0),
            (fails(ErrorKind::Protocol), 1.0),
            (fails(ErrorKind::Timeout), 0.0),
            (from(Source::Cache), 0.0),
            (from(Source::Prefetched), 0.0),
            (from(Source::Store), 1.0),
            (from(Source::Fallback), 0.0),
            (from(Source::Overflow), 1.0),
            (from(Source::Uncounted), 0.0),
            (None, 1.0),
        ];
        for (fault, wanted) in news {
            assert!(is(up(fault).await, wanted), "{fault:?}");
        }
    });
}

#[test]
fn more_limits_than_there_are_places_count_as_others() {
    play(async |scene| {
        let (_store, backend) = observed();
        let user = key("chat");
        for max in 1..=3_000 {
            let limit = Limit::fixed_window(max, MINUTE).unwrap();
            assert!(backend.rates.hit_one(&user, &limit).await.is_ok());
        }
        let told = scene.metrics_of("limiter_decisions_total");
        let others: Vec<_> =
            told.iter().filter(|(labels, _)| labels.contains("space=other,limit=other")).collect();
        assert!(!others.is_empty() && told.len() <= 1024 + 2, "{} series", told.len());
        assert!((told.iter().map(|(_, count)| count).sum::<f64>() - 3_000.0).abs() < 0.1, "none is lost");
    });
}

#[test]
fn by_default_nothing_is_told() {
    play(async |scene| {
        let backend = ObserveLayer::default().with_subjects().wrap(Store::new().backend());
        assert!(backend.rates.hit_one(&key("chat"), &Limit::UNLIMITED).await.is_ok());
        assert!(backend.control.ping().await.is_ok());
        assert!(scene.metrics().is_empty() && scene.listener.lines().is_empty());
        let traced = ObserveLayer::default().with_traces().wrap(Store::new().backend());
        assert!(traced.rates.hit_one(&key("chat"), &Limit::UNLIMITED).await.is_ok());
        assert!(scene.metrics().is_empty() && !scene.listener.lines().is_empty());
    });
}
