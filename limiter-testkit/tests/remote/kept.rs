//! The remote backend keeps every promise: in real time, with time handed in, and through the proxy.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Backend, Clock, ManualClock, SystemClock};
use limiter_testkit::proxy::Proxy;
use limiter_testkit::{Candidate, Model, processes};

use crate::client::Remote;
use crate::server::Server;

/// Longer than any call takes, also on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

fn client(address: &str) -> Backend {
    Backend::new("remote", Arc::new(Remote::new(address, TIMEOUT)))
}

fn reference(clock: impl Clock) -> Backend {
    Backend::new("model", Arc::new(Model::new(clock)))
}

/// A store of its own; in a copy of this program a client of the test's store.
fn on(store: Backend) -> Candidate {
    if let Some(address) = processes::store() {
        return Candidate::new(client(&address));
    }
    let server = Server::start(store);
    let address = server.address().to_string();
    let restarted = address.clone();
    let restart = move || {
        server.restart();
        let backend = client(&restarted);
        async { backend }
    };
    Candidate::new(client(&address))
        .with_other_client(client(&address))
        .with_store(address)
        .with_restart(restart)
}

fn by_the_servers_clock() -> Candidate {
    on(reference(SystemClock::default()))
}

fn by_a_clock_handed_in() -> Candidate {
    let clock = ManualClock::new(1_700_000_000_000);
    on(reference(clock.clone())).with_clock(clock)
}

/// Every client goes through the proxy, those of the copies too.
async fn through_the_proxy() -> Candidate {
    let clock = ManualClock::new(1_700_000_000_000);
    if let Some(address) = processes::store() {
        return Candidate::new(client(&address)).with_clock(clock);
    }
    let server = Server::start(reference(clock.clone()));
    let proxy = Proxy::start(server.address()).await.unwrap();
    let address = proxy.address().to_string();
    let restart = move || {
        server.restart();
        let backend = client(&proxy.address().to_string());
        async { backend }
    };
    Candidate::new(client(&address))
        .with_other_client(client(&address))
        .with_store(address)
        .with_restart(restart)
        .with_clock(clock)
}

mod in_real_time {
    use super::by_the_servers_clock;

    limiter_testkit::suite!(by_the_servers_clock, real_time, shared, durable);
}

mod handed_in {
    use super::by_a_clock_handed_in;

    limiter_testkit::suite!(by_a_clock_handed_in, shared, durable);
}

mod proxied {
    use super::through_the_proxy;

    limiter_testkit::suite!(through_the_proxy, shared, durable);
}
