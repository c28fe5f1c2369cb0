//! Callers that stop polling their calls halfway: nobody else has to wait for them.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use limiter_core::{Charge, Limit, Period, Quota, QuotaTracker, RateLimiter, RateLimiterExt, limit};
use sqlx::{Connection as _, Executor as _, PgConnection};
use testservers::postgres::Postgres;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::server::{client, key, options};

const PATIENCE: Duration = Duration::from_secs(2);
const HOUR: Limit = limit!("1000/hour");

/// Polls a call once.
async fn is_answered(mut call: Pin<&mut impl Future>) -> bool {
    poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await
}

#[tokio::test]
async fn a_hit_that_is_not_polled_any_more_keeps_nobody_from_its_key() {
    let server = Postgres::start().unwrap();
    let backend = client(&server.url(), options(PATIENCE, 2)).await;
    for polls in 1..=4 {
        let counter = key(&format!("polled {polls} times"));
        let mut paused = pin!(backend.hit_one(&counter, &HOUR));
        for _ in 0..polls {
            if is_answered(paused.as_mut()).await {
                assert!(polls > 1, "a hit takes longer");
                break;
            }
            yield_now().await;
        }
        let told = backend.hit_one(&counter, &HOUR).await.unwrap();
        assert_eq!(told.outcomes()[0].remaining(), HOUR.max() - 2, "{polls}");
        let other = key("another");
        let told = backend.hit(&[Charge::new(&other, &HOUR), Charge::new(&counter, &HOUR)]).await.unwrap();
        assert!(told.is_allowed(), "{polls}");
    }
}

#[tokio::test]
async fn a_hit_that_was_paused_is_told_what_it_was_charged() {
    let server = Postgres::start().unwrap();
    let backend = client(&server.url(), options(PATIENCE, 2)).await;
    let counter = key("paused");
    let mut paused = pin!(backend.hit_one(&counter, &HOUR));
    assert!(!is_answered(paused.as_mut()).await);
    assert!(backend.hit_one(&counter, &HOUR).await.unwrap().is_allowed());
    tokio::time::sleep(Duration::from_millis(50)).await;
    let told = paused.await.unwrap();
    assert_eq!(told.outcomes()[0].remaining(), HOUR.max() - 1);
    let now = backend.peek(&[Charge::new(&counter, &HOUR)]).await.unwrap();
    assert_eq!(now.outcomes()[0].remaining(), HOUR.max() - 2);
}

#[tokio::test]
async fn who_waits_for_a_row_and_is_not_polled_any_more_keeps_nobody_from_it() {
    let server = Postgres::start().unwrap();
    let backend = client(&server.url(), options(PATIENCE, 4)).await;
    let (counter, quota) = (key("held"), Quota::new(1000, Period::Year).unwrap());
    let _ = backend.record(&counter, &quota, 1).await.unwrap();
    let mut stranger = PgConnection::connect(&server.url()).await.unwrap();
    stranger.execute(sqlx::raw_sql("begin; select 1 from limiter.quota for update")).await.unwrap();
    let mut paused = pin!(backend.record(&counter, &quota, 1));
    assert!(timeout(Duration::from_millis(200), &mut paused).await.is_err());
    stranger.execute("rollback").await.unwrap();
    let told = backend.record(&counter, &quota, 1).await.unwrap();
    assert!((2..=3).contains(&told.used), "{told:?}");
    let _ = paused.await.unwrap();
    assert_eq!(backend.check(&counter, &quota).await.unwrap().used, 3);
}
