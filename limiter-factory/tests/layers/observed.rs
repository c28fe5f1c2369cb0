//! What is told of stores that are down.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use limiter_factory::{LeaseRequest, Limiters, Scope};
use tracing_subscriber::util::SubscriberInitExt;

use crate::store::{Mode, Store};
use crate::{S, hit, key};

/// What is traced at level info and above, from this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Listens until what it hands out is dropped.
    fn listen(&self) -> impl Drop + use<> {
        let log = self.clone();
        let listener = tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone());
        listener.with_max_level(tracing_subscriber::filter::LevelFilter::INFO).set_default()
    }

    /// The lines since this was last asked that tell of stores which went down or came back.
    fn told(&self) -> Vec<String> {
        let lines = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        let outage =
            |line: &&str| line.contains("the store is down") || line.contains("the store answers again");
        lines.lines().filter(outage).map(str::to_owned).collect()
    }
}

async fn acquire(limiters: &Limiters) -> limiter_factory::Result<limiter_factory::Lease> {
    let request = LeaseRequest::new([Scope::new(key(), 9)], 60 * S).unwrap();
    limiters.backend().slots.acquire(&request).await.map(|_| request.lease())
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_once_and_of_the_store_that_is_down() {
    let (log, store, other) = (Log::default(), Store::new(), Store::new());
    let _listening = log.listen();
    let limiters = store.start_beside(&other, &[("SLOT_LIMITER", "other"), ("LIMITER_TRACES", "true")]).await;
    other.set(Mode::Fails);
    for _ in 0..3 {
        assert!(hit(&limiters, "9/day").await.is_ok());
        assert!(acquire(&limiters).await.is_err());
        limiters.ping().await.unwrap();
    }
    let told = log.told();
    assert!(told.len() == 1 && told[0].contains("WARN") && told[0].contains("\"other\""), "{told:?}");
    other.set(Mode::Works);
    acquire(&limiters).await.unwrap();
    assert!(hit(&limiters, "9/day").await.is_ok());
    let told = log.told();
    assert!(told.len() == 1 && told[0].contains("INFO") && told[0].contains("\"other\""), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn what_only_waits_to_be_sent_ends_no_outage() {
    let (log, store) = (Log::default(), Store::new());
    let _listening = log.listen();
    let limiters = store.start(&[("LIMITER_TRACES", "true")]).await;
    let mut leases = Vec::new();
    for _ in 0..3 {
        leases.push(acquire(&limiters).await.unwrap());
    }
    store.set(Mode::Fails);
    for lease in leases {
        assert!(hit(&limiters, "9/day").await.is_err());
        assert_eq!(limiters.backend().slots.release(&[lease]).await.unwrap(), [true]);
    }
    let told = log.told();
    assert!(told.len() == 1 && told[0].contains("WARN"), "{told:?}");
}

/// Two stores of one backend are two.
#[tokio::test(start_paused = true)]
async fn stores_of_one_backend_are_told_apart() {
    let log = Log::default();
    let _listening = log.listen();
    let limiters = Store::by_address(&[
        ("RATE_LIMITER", "many://well"),
        ("SLOT_LIMITER", "many://down"),
        ("LIMITER_TRACES", "true"),
    ])
    .await;
    for _ in 0..3 {
        assert!(hit(&limiters, "9/day").await.is_ok());
        assert!(acquire(&limiters).await.is_err());
    }
    let told = log.told();
    assert!(told.len() == 1 && told[0].contains("\"many (slots)\""), "{told:?}");
}
