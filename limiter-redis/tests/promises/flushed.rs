//! Servers that forget the scripts, under load, and that are restarted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use limiter_core::{
    Charge, Control, EXACT, Limit, QuotaTracker, RateLimiter, RateLimiterExt, Result, SlotLimiter,
};
use limiter_redis::RedisBackend;
use testservers::redis::Redis;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::operations::{LONG, key, lease, one_of_each, reservation, yearly};
use crate::server::{ask, client, raw};

const TTL: Duration = Duration::from_secs(60);
/// How long a load lasts.
const LASTING: Duration = Duration::from_millis(1500);
/// How many do each kind of work at once.
const WORKERS: usize = 3;

/// What was done: hits on each of four limits, and units recorded or settled.
type Done = ([u64; 4], u64);

async fn hits(backend: &RedisBackend, number: usize, done: &mut Done) -> Result<()> {
    let (limits, place) = (one_of_each(9_000, LONG), number % 6);
    assert!(backend.hit_one(&key("rates"), &limits[place]).await?.is_allowed());
    done.0[place] += 1;
    // What is given back at once doesn't count.
    let given_back = key(&given_back(number));
    let charges = [Charge::new(&given_back, &limits[place])];
    let receipt = backend.hit(&charges).await?.into_receipt(&charges)?;
    backend.refund(receipt).await
}

/// The key whose hits are given back at once, one for each worker: in a bucket, what flows in is shared by the charges
/// that are out.
fn given_back(number: usize) -> String {
    format!("given back by {number}")
}

async fn slots(backend: &RedisBackend) -> Result<()> {
    let held = lease(&[key("one"), key("two")], 1_000, TTL);
    assert!(backend.acquire(&held).await?.is_acquired());
    assert!(backend.in_use(&key("one")).await? > 0);
    assert_eq!(backend.renew(&[held.lease()]).await?, [true]);
    assert_eq!(backend.release(&[held.lease()]).await?, [true]);
    assert!(backend.leases(&key("one")).await?.iter().all(|lease| lease.id != *held.id()));
    Ok(())
}

async fn quotas(backend: &RedisBackend, done: &mut Done) -> Result<()> {
    let _ = backend.record(&key("quota"), &yearly(EXACT), 3).await?;
    let held = reservation(&[key("quota")], EXACT, 100, TTL);
    assert!(backend.reserve(&held).await?.is_granted());
    for _ in 0..2 {
        backend.settle(&held.settlement(&[7])?).await?;
    }
    assert!(backend.check(&key("quota"), &yearly(EXACT)).await?.is_allowed());
    done.1 += 10;
    Ok(())
}

async fn work(backend: RedisBackend, number: usize, stop: Arc<AtomicBool>) -> Done {
    let mut done = Done::default();
    while !stop.load(Ordering::Relaxed) {
        let answered = match number % 6 {
            4 => slots(&backend).await,
            5 => quotas(&backend, &mut done).await,
            _ => hits(&backend, number, &mut done).await,
        };
        if let Err(error) = answered {
            panic!("{error}");
        }
    }
    done
}

/// A load of all operations while the scripts are flushed again and again; tells what was done, and how often they
/// were flushed.
async fn load(backend: &RedisBackend, server: &Redis) -> (Done, u32) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut workers = JoinSet::new();
    for number in 0..6 * WORKERS {
        workers.spawn(work(backend.clone(), number, Arc::clone(&stop)));
    }
    let (mut raw, mut flushed) = (raw(server).await, 0);
    let flushing = timeout(LASTING, async {
        loop {
            ask::<()>(&mut raw, &["SCRIPT", "FLUSH"]).await;
            flushed += 1;
            sleep(Duration::from_millis(1)).await;
        }
    });
    flushing.await.unwrap_err();
    stop.store(true, Ordering::Relaxed);
    let mut all = Done::default();
    for done in workers.join_all().await {
        all.0.iter_mut().zip(done.0).for_each(|(all, done)| *all += done);
        all.1 += done.1;
    }
    (all, flushed)
}

async fn assert_counted(backend: &RedisBackend, done: Done) {
    let limits = one_of_each(9_000, LONG);
    let remaining = async |who: &str, limit: &Limit| {
        backend.peek(&[Charge::new(&key(who), limit)]).await.unwrap().outcomes()[0].remaining()
    };
    for (place, (limit, hits)) in limits.iter().zip(done.0).enumerate() {
        assert_eq!(remaining("rates", limit).await, 9_000 - hits, "{limit:?}");
        for number in (place..6 * WORKERS).step_by(6) {
            assert_eq!(remaining(&given_back(number), limit).await, 9_000, "{limit:?}");
        }
    }
    let outcome = backend.check(&key("quota"), &yearly(EXACT)).await.unwrap();
    assert_eq!((outcome.used, outcome.reserved), (done.1, 0));
    for scope in ["one", "two"] {
        assert_eq!(backend.in_use(&key(scope)).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_flushed_all_the_time_cost_no_error_and_no_count() {
    let server = Redis::start().unwrap();
    let backend = client(&server.url()).await;
    let (done, flushed) = load(&backend, &server).await;
    assert!(flushed > 20 && done.0.iter().all(|hits| *hits > 20) && done.1 > 200, "{flushed}, {done:?}");
    assert_counted(&backend, done).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_server_goes_on_counting_where_it_was() {
    let server = Redis::with(&["--appendonly", "yes", "--appendfsync", "always"]).unwrap();
    let backend = client(&server.url()).await;
    let before = load(&backend, &server).await.0;
    server.kill();
    server.start_again().unwrap();
    let found = timeout(Duration::from_secs(5), async {
        while backend.ping().await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    });
    found.await.unwrap();
    assert_counted(&backend, before).await;
    // The scripts are gone with the process; what was counted isn't.
    let after = load(&backend, &server).await.0;
    let mut both = before;
    both.0.iter_mut().zip(after.0).for_each(|(both, after)| *both += after);
    both.1 += after.1;
    assert_counted(&backend, both).await;
}
