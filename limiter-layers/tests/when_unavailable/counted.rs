//! Each time is counted, and the log says so without saying who asked.

use std::fmt::Write;
use std::sync::{Arc, LazyLock, Mutex};

use limiter_core::{Charge, Key, LeaseRequest, QuotaCharge, Reservation, Scope, SlotLimiterExt};
use limiter_layers::WhenUnavailable::{Allow, Fallback, Refuse};
use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tokio::time::sleep;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

use crate::rig::{CHOICES, FIVE, Rig, S, TTL, day, lease, reservation};
use crate::store::State;

/// The log as lines.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(Level, String)>>>);

impl Log {
    fn lines(&self, least: Level) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|(level, _)| *level <= least).map(|(_, line)| line.clone()).collect()
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push((*event.metadata().level(), line.0));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// While there is but one subscriber, a line that another thread, which has none, comes to first is never logged again.
static OTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Log::default()));

/// Runs something on a paused clock, and tells what it counted and logged.
fn watched(run: impl AsyncFnOnce()) -> (Snapshotter, Log) {
    LazyLock::force(&OTHER);
    let (recorder, log) = (DebuggingRecorder::new(), Log::default());
    let snapshotter = recorder.snapshotter();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        tracing::subscriber::with_default(log.clone(), || runtime.block_on(run()));
    });
    (snapshotter, log)
}

/// The counters and gauges as `name{label=value}` and number, in order.
fn numbers(snapshotter: &Snapshotter) -> Vec<(String, u64)> {
    let mut numbers = Vec::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let (kind, key) = key.into_parts();
        let labels: Vec<String> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let value = match (kind, value) {
            (MetricKind::Counter, DebugValue::Counter(count)) => count,
            (_, DebugValue::Gauge(value)) => format!("{value}").parse().unwrap(),
            other => panic!("{other:?}"),
        };
        numbers.push((format!("{}{{{}}}", key.name(), labels.join(",")), value));
    }
    numbers.sort();
    numbers
}

fn secret(space: &str) -> Key {
    Key::new(space, "secret-subject").unwrap().with_partition("secret-partition").unwrap()
}

#[test]
fn each_time_is_counted_by_part_and_choice() {
    for choice in CHOICES {
        let (counted, log) = watched(async || {
            let rig = Rig::new(choice);
            rig.store.set(State::Down);
            let (chat, streams, bytes) = (secret("chat"), secret("streams"), secret("bytes"));
            for _ in 0..3 {
                drop(rig.backend.rates.hit(&[Charge::new(&chat, &FIVE)]).await);
            }
            let request = LeaseRequest::new([Scope::new(streams, 5)], TTL).unwrap();
            drop(rig.backend.slots.acquire(&request).await);
            drop(rig.backend.quotas.check(&bytes, &day()).await);
            let reservation = Reservation::new([QuotaCharge::new(bytes, day(), 1)], TTL).unwrap();
            drop(rig.backend.quotas.reserve(&reservation).await);
            rig.backend.slots.release_one(&request.lease()).await.unwrap();
        });
        let name = choice.as_str();
        let total =
            |part: &str, choice: &str| format!("limiter_unavailable_total{{part={part},choice={choice}}}");
        let expected = [
            (total("quotas", name), 2),
            (total("rates", name), 3),
            (total("slots", "queue"), 1),
            (total("slots", name), 1),
            ("limiter_unavailable_waiting{part=slots}".to_owned(), 1),
        ];
        let mut numbers = numbers(&counted);
        numbers.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(numbers, expected);
        let lines = log.lines(Level::TRACE).join("\n");
        assert!(lines.contains(&format!("choice=\"{name}\"")) && !lines.contains("secret-"), "{lines}");
    }
}

#[test]
fn ten_thousand_calls_at_once_are_one_warning_and_then_one_a_second() {
    let (_, log) = watched(async || {
        let rig = Rig::new(Allow);
        rig.store.set(State::Down);
        let key = secret("chat");
        for second in 0..3 {
            for _ in 0..10_000 {
                let decision = rig.backend.rates.hit(&[Charge::new(&key, &FIVE)]).await.unwrap();
                assert!(decision.is_allowed(), "{second}");
            }
            sleep(S).await;
        }
    });
    let warnings = log.lines(Level::WARN);
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(warnings[0].contains("calls=1 ") && warnings[1].contains("calls=10000 "), "{warnings:?}");
}

#[test]
fn what_is_given_up_is_counted_and_the_log_tells_its_units() {
    let (counted, log) = watched(async || {
        let rig = Rig::new(Refuse);
        let lease = lease(&rig).await;
        rig.store.set(State::AnswersLost);
        let bytes = secret("bytes");
        let reservation = Reservation::new([QuotaCharge::new(bytes, day(), 77)], TTL).unwrap();
        rig.settle(&reservation, 77).await;
        rig.store.set(State::Down);
        rig.backend.slots.release_one(&lease).await.unwrap();
        sleep(600 * S).await;
    });
    let numbers = numbers(&counted);
    let lost = ("limiter_unavailable_lost_total{part=quotas}".to_owned(), 1);
    assert!(numbers.contains(&lost), "{numbers:?}");
    assert!(numbers.contains(&("limiter_unavailable_waiting{part=quotas}".to_owned(), 0)), "{numbers:?}");
    assert!(!numbers.iter().any(|(name, _)| name.contains("lost_total{part=slots}")), "the TTL freed it");
    let told: Vec<_> = log.lines(Level::WARN).into_iter().filter(|line| line.contains("given up")).collect();
    assert!(told.len() == 1 && told[0].contains("units=77") && told[0].contains("bytes"), "{told:?}");
    assert!(!log.lines(Level::TRACE).join("\n").contains("secret-"));
}

#[test]
fn a_fallback_that_isnt_given_refuses_and_says_so() {
    let (_, log) = watched(async || {
        use limiter_layers::{Layer, WhenUnavailableLayer};
        let store = crate::store::Store::new();
        let backend = WhenUnavailableLayer::default().with_quotas(Fallback).wrap(store.backend());
        assert!(backend.control.describe().ends_with("quotas refuse (no fallback is given)"));
        store.set(State::Down);
        assert!(backend.quotas.reserve(&reservation(1)).await.is_err());
    });
    assert!(log.lines(Level::WARN)[0].contains("no fallback is given"));
}
