//! All that an application does, by a role that may call the functions and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use limiter_core::{Backend, Key, ManualClock, RateLimiterExt, limit};
use limiter_testkit::{Broken, Candidate, cases};
use tokio::time::{sleep, timeout};

use crate::database::Database;

async fn prove(group: &str) -> Result<(), Broken> {
    let database = Database::new().await;
    let made = AtomicU32::new(0);
    let make = async || {
        let clock = ManualClock::new(1_700_000_000_000);
        let prefix = format!("p{}", made.fetch_add(1, Ordering::Relaxed));
        let backend = database.client(&prefix, Some(Arc::new(clock.clone()))).await.unwrap();
        Candidate::new(Backend::new("postgres", Arc::new(backend))).with_clock(clock)
    };
    cases::prove(group, || Box::pin(make())).await?;
    assert!(made.load(Ordering::Relaxed) > 0, "nothing was proven");
    Ok(())
}

#[tokio::test]
async fn rates_need_no_more() -> Result<(), Broken> {
    prove("rates").await
}

#[tokio::test]
async fn slots_need_no_more() -> Result<(), Broken> {
    prove("slots").await
}

#[tokio::test]
async fn quotas_need_no_more() -> Result<(), Broken> {
    prove("quotas").await
}

#[tokio::test]
async fn control_needs_no_more() -> Result<(), Broken> {
    prove("control").await
}

#[tokio::test]
async fn sweeping_needs_no_more() {
    let database = Database::new().await;
    let backend = database.client("", None).await.unwrap();
    let key = Key::new("rights", "u1").unwrap();
    assert!(backend.hit_one(&key, &limit!("5/min")).await.unwrap().is_allowed());
    let left = || database.sql("select count(*) from limiter.rate");
    assert_eq!(left(), "1");
    database.sql("update limiter.rate set gone = 1");
    let swept = timeout(Duration::from_secs(10), async {
        while left() != "0" {
            sleep(Duration::from_millis(20)).await;
        }
    });
    swept.await.expect("what has lost its meaning stays");
}
