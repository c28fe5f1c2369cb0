//! The store is gone and ten thousand call at once.

use std::collections::BTreeMap;

use limiter_factory::{Key, RateLimiterExt, Source, limit};
use limiter_testkit::proxy::Mode;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::stage::{CHOICES, LATE, Stage, TIMEOUT};

const CALLERS: usize = 10_000;
/// What ten thousand calls that wait may take up, far below a connection for each.
const ROOM_KIB: u64 = 200 * 1024;

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn storm(choice: &str, mode: Mode, vars: &[(&str, &str)]) {
    let vars: Vec<_> =
        [("LIMITER_WHEN_UNAVAILABLE", choice)].into_iter().chain(vars.iter().copied()).collect();
    let stage = Stage::with(&vars).await;
    let (limiters, before, memory) = (stage.limiters.clone(), stage.connections(), resident_kib());
    stage.fail(mode).await;
    let begun = Instant::now();
    let mut calls = JoinSet::new();
    for number in 0..CALLERS {
        let rates = limiters.rates().clone();
        calls.spawn(async move {
            let key = Key::new("storm", &format!("u{}", number % 100)).unwrap();
            rates
                .hit_one(&key, &limit!("5/min"))
                .await
                .map(|decision| (decision.source(), decision.is_allowed()))
        });
    }
    let mut came: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(answer) = calls.join_next().await {
        *came.entry(format!("{:?}", answer.unwrap().map_err(|error| error.kind()))).or_default() += 1;
    }
    let (took, grown) = (begun.elapsed(), resident_kib().saturating_sub(memory));
    let said = format!("{choice}, {mode:?}: {came:?} in {took:?}, {grown} KiB more");
    // Ten thousand tasks take a while to be served by two processors; in turns they would take minutes.
    assert!(took < (TIMEOUT + LATE) * 20, "{said}");
    assert!(grown < ROOM_KIB, "{said}");
    assert!(stage.connections() - before <= 8, "{said}: {} connections", stage.connections() - before);
    let of = |source: Source, allowed: bool| came.get(&format!("Ok(({source:?}, {allowed}))")).copied();
    match choice {
        "allow" => assert_eq!(of(Source::Uncounted, true), Some(CALLERS), "{said}"),
        // A hundred users at five each.
        "memory" => {
            assert_eq!(of(Source::Fallback, true), Some(500), "{said}");
            assert_eq!(of(Source::Fallback, false), Some(CALLERS - 500), "{said}");
        }
        _ => assert!(
            came.keys().all(|answer| answer == "Err(Timeout)" || answer == "Err(Unavailable)"),
            "{said}"
        ),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_on_a_store_that_is_gone_stays_here() {
    for choice in CHOICES {
        storm(choice, Mode::Down, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_on_a_store_that_stalls_stays_here() {
    for choice in CHOICES {
        storm(choice, Mode::Stall, &[]).await;
        storm(choice, Mode::Stall, &[("LIMITER_BREAKER_FAILURES", "5")]).await;
    }
}
