//! What the circuit breaker logs.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use limiter_core::ErrorKind;
use limiter_layers::{CircuitBreakerLayer, Layer};
use tokio::time::sleep;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::operations::ask;
use crate::store::{Fault, Store};

/// Keeps each line of a level above debug.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<(Level, String)>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() < Level::DEBUG
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

#[tokio::test(start_paused = true)]
async fn that_it_opens_and_that_it_closes_is_logged_once_each() {
    let log = Log::default();
    let _logging = tracing::subscriber::set_default(log.clone());
    let store = Store::new();
    let backend = CircuitBreakerLayer::default().wrap(store.backend());
    store.always(Fault::Fails(ErrorKind::Timeout));
    for _ in 0..20 {
        assert!(ask(&backend, "hit").await.is_err());
        sleep(Duration::from_millis(500)).await;
    }
    store.always(Fault::None);
    sleep(Duration::from_secs(2)).await;
    ask(&backend, "hit").await.unwrap();
    ask(&backend, "hit").await.unwrap();
    let lines = log.0.lock().unwrap();
    let [(warn, opened), (info, closed)] = &**lines else { panic!("{lines:?}") };
    assert_eq!((*warn, *info), (Level::WARN, Level::INFO));
    assert!(opened.contains("circuit opened") && opened.contains("timed out"), "{opened}");
    assert!(closed.contains("circuit closed") && closed.contains("after="), "{closed}");
    assert!(!lines.iter().any(|(_, line)| line.contains("u1")), "no subjects: {lines:?}");
}
