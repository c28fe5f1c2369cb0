//! Four processes that prefetch from one Redis never pass the limit together.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use limiter_factory::{Backend, Key, Limit, RateLimiterExt, Source, from_vars};
use limiter_layers::{Layer, PrefetchLayer};
use limiter_testkit::processes::{Crowd, Member};
use serde::{Deserialize, Serialize};
use testservers::redis::Redis;
use tokio::time::sleep;

use crate::admitted::{Admitted, beyond};

const PROCESSES: usize = 4;
const RUN: Duration = Duration::from_millis(230);
/// So many hits in a row make a process hold about ten permits.
const HITS_TO_HOLD: usize = 17;
/// Longer than every window, and than a bucket takes to fill again.
const NAP: Duration = Duration::from_millis(110);
const LIMITS: [&str; 3] = ["fixed 80/100ms", "80/100ms", "bucket 250/s burst 60"];

/// What a process is to do: the first takes some permits and sleeps through a refill with what it holds. The others
/// begin when it is about to wake, and all hit as often as they can.
#[derive(Serialize, Deserialize)]
struct Work {
    subject: String,
    limit: String,
    naps: bool,
    begins_after_ms: u64,
}

/// What came of it.
#[derive(Default, Serialize, Deserialize)]
struct Log {
    admitted: Vec<Admitted>,
    prefetched: usize,
    denied: usize,
}

#[tokio::test]
async fn four_processes_never_pass_the_limit() {
    if let Some(member) = Member::here() {
        return take_part(member).await;
    }
    let long = std::env::var_os("TESTKIT_LONG").is_some_and(|value| value == "1");
    let server = Redis::start().unwrap();
    let test = "crowd::four_processes_never_pass_the_limit";
    let mut crowd = Crowd::start(test, &server.url(), PROCESSES).await.unwrap();
    let (mut prefetched, mut denied) = (0, 0);
    for run in 0..if long { 100 } else { 15 } {
        let text = LIMITS[run % LIMITS.len()];
        let limit: Limit = text.parse().unwrap();
        for copy in 0..PROCESSES {
            let begins_after_ms = if copy == 0 { 0 } else { 100 + run as u64 * 7 % 20 };
            let (subject, limit) = (format!("run {run}"), text.to_owned());
            let work = Work { subject, limit, naps: copy == 0, begins_after_ms };
            crowd.tell(copy, &work).await.unwrap();
        }
        let logs: Vec<Log> = crowd.one_each().await.unwrap();
        prefetched += logs.iter().map(|log| log.prefetched).sum::<usize>();
        denied += logs.iter().map(|log| log.denied).sum::<usize>();
        let admitted = logs.into_iter().flat_map(|log| log.admitted).collect();
        assert_eq!(beyond(&limit, admitted), None, "run {run} by {text}");
    }
    assert!(prefetched > 100 && denied > 100, "{prefetched} prefetched, {denied} denied");
    crowd.end().await.unwrap();
}

async fn take_part(mut member: Member) {
    let limiters = from_vars([("RATE_LIMITER", "redis"), ("REDIS_URL", member.store())]).await.unwrap();
    let backend = PrefetchLayer::default().with_share(4).wrap(limiters.backend().clone());
    member.ready().unwrap();
    loop {
        let work: Work = member.work().await.unwrap();
        let log = hit(&backend, &work).await;
        member.tell(&log).unwrap();
    }
}

async fn hit(backend: &Backend, work: &Work) -> Log {
    let (key, limit): (_, Limit) = (Key::new("crowd", &work.subject).unwrap(), work.limit.parse().unwrap());
    let (begun, mut log) = (Instant::now(), Log::default());
    if work.naps {
        for _ in 0..HITS_TO_HOLD {
            log.hit(backend, &key, &limit).await;
        }
        // The whole process sleeps, what looks after its permits too.
        thread::sleep(NAP);
    }
    sleep(Duration::from_millis(work.begins_after_ms)).await;
    while begun.elapsed() < RUN {
        if !log.hit(backend, &key, &limit).await {
            sleep(Duration::from_millis(1)).await;
        }
    }
    log
}

impl Log {
    async fn hit(&mut self, backend: &Backend, key: &Key, limit: &Limit) -> bool {
        let from_us = now_us();
        let decision = backend.rates.hit_one(key, limit).await.unwrap();
        let (allowed, until_us) = (decision.is_allowed(), now_us());
        self.prefetched += usize::from(decision.source() == Source::Prefetched);
        self.denied += usize::from(!allowed);
        self.admitted.extend(allowed.then_some(Admitted { from_us, until_us }));
        allowed
    }
}

fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros().try_into().unwrap()
}
