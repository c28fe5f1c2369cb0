//! On a private server, or the one that `DATABASE_URL` names.

use std::sync::{Arc, LazyLock};

use limiter_testkit::{Broken, Candidate, cases};
use testservers::postgres::Postgres;

use crate::store::Store;

static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().unwrap());

fn store() -> Store {
    let given = || std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
    Store::on(|| given().unwrap_or_else(|| SERVER.url()))
}

async fn by_a_clock_handed_in() -> Candidate {
    store().candidate_by_clock().await
}

async fn by_the_servers_clock() -> Candidate {
    store().candidate().await
}

mod handed_in {
    use super::by_a_clock_handed_in;

    limiter_testkit::suite!(by_a_clock_handed_in, shared);
}

mod real_time {
    use super::by_the_servers_clock;

    limiter_testkit::suite!(by_the_servers_clock, real_time, shared);
}

/// A store that waits for its disk, on a server that is killed.
async fn durable() -> Candidate {
    let server = Arc::new(Postgres::start().unwrap());
    let store = Store::on(|| server.url()).with_strict_durability();
    let candidate = store.candidate().await;
    candidate.with_restart(move || {
        let (server, store) = (Arc::clone(&server), store.clone());
        async move {
            server.kill();
            server.start_again().unwrap();
            store.client(None).await
        }
    })
}

#[tokio::test]
async fn what_was_acknowledged_outlives_the_server() -> Result<(), Broken> {
    cases::prove("durable", durable).await
}
