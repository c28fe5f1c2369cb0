//! Wrong remote backends: right for each process, which sends one call at a time, and wrong between several.

mod gone;
mod quotas;
mod rates;
mod several;

mod slots;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use limiter_core::{Backend, ManualClock};
use limiter_testkit::{Candidate, processes};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::task::yield_now;

use crate::client::Remote;
use crate::judge::{START_MS, caught_by_all};
use crate::server::Server;

/// Longer than any call takes, also on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Taken by every client of this process: what such a backend believes to be enough.
static TURN: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

/// A step between reading and writing: shorter than a timer can wait, since every call takes it.
async fn think() {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_micros(200) {
        yield_now().await;
    }
}

/// The store behind the server, on a clock: what each connection is served from.
type Store = Box<dyn Fn() -> Backend + Send + Sync>;

/// These cases catch the store, and no others do. `test` is the path of the test that calls this.
#[track_caller]
fn caught(test: &str, cases: &[&str], store: impl Fn(ManualClock) -> Store) {
    if processes::is_copy() {
        let took_part = processes::take_part(|| Candidate::new(client(&processes::store().unwrap())));
        Runtime::new().unwrap().block_on(took_part);
        return;
    }
    caught_by_all(cases, || {
        let clock = ManualClock::new(START_MS);
        let server = Server::serving(store(clock.clone()));
        let address = server.address().to_string();
        Candidate::new(client(&address))
            .with_clock(clock)
            .with_other_client(client(&address))
            .with_store(address)
            .with_copies(test)
    });
}

fn client(address: &str) -> Backend {
    Backend::new("wrong", Arc::new(Remote::new(address, TIMEOUT).in_turn(TURN.clone())))
}
