//! What goes wrong with one call of a batch stays its own.

use std::time::{Duration, Instant};

use limiter_core::{Charge, Decision, ErrorKind, Key, Limit, Result, limit};

use super::server::{Stranger, literal, store};
use crate::rate::Rates;

const HOUR: Limit = limit!("1000/hour");

fn key(who: &str) -> Key {
    Key::new("neighbour", who).unwrap()
}

async fn hit(rates: &Rates, who: &str) -> Result<Decision> {
    rates.hit(&[Charge::new(&key(who), &HOUR)]).await
}

/// Keeps both lanes busy for a moment, so that what comes meanwhile goes together in one statement.
async fn together(rates: &Rates, who: &[&str]) -> Vec<Result<Decision>> {
    let tasks: Vec<_> = who
        .iter()
        .map(|who| {
            let (rates, who) = (rates.clone(), (*who).to_owned());
            tokio::spawn(async move { hit(&rates, &who).await })
        })
        .collect();
    let mut told = Vec::new();
    for task in tasks {
        told.push(task.await.unwrap());
    }
    told
}

#[tokio::test]
async fn a_row_that_cannot_be_counted_on_fails_its_own_calls_alone() {
    let store = store("spoilt", Duration::from_secs(20), None).await;
    let rates = Rates::new(store.clone(), false);
    let who: Vec<_> =
        (0..40).map(|who| if who == 20 { "spoilt".to_owned() } else { format!("u{who}") }).collect();
    let who: Vec<&str> = who.iter().map(String::as_str).collect();
    assert!(together(&rates, &who).await.iter().all(Result::is_ok));
    // A number that no release writes, and that no sum with it fits in 64 bits.
    let name = crate::key::Names::new("").rate(&key("spoilt"), 2, HOUR.window_ms());
    let name = literal(&name);
    let mut stranger = Stranger::come().await;
    stranger
        .run(format!(
            "update spoilt.rate set b = -9223372036854775807, a = 9223372036854775807 where key = {name}"
        ))
        .await;
    for _ in 0..5 {
        for (who, told) in who.iter().zip(together(&rates, &who).await) {
            match told {
                Ok(decision) => assert!(decision.is_allowed() && *who != "spoilt", "{who}: {decision:?}"),
                Err(error) => {
                    assert_eq!((*who, error.kind()), ("spoilt", ErrorKind::Protocol), "{error}");
                    assert!(!error.may_have_charged(), "{error}");
                }
            }
        }
    }
    // Each of the others was charged once a round, and never twice.
    let told = hit(&rates, "u7").await.unwrap();
    assert_eq!(told.outcomes()[0].remaining(), 1000 - 7);
}

#[tokio::test]
async fn calls_over_a_held_row_are_answered_in_time_and_nothing_is_charged() {
    let patience = Duration::from_millis(400);
    let store = store("held", patience, None).await;
    let rates = Rates::new(store.clone(), false);
    assert!(hit(&rates, "held").await.is_ok());
    let mut stranger = Stranger::come().await;
    stranger.hold("held", &[store.names.rate(&key("held"), 2, HOUR.window_ms())]).await;
    let start = Instant::now();
    let who: Vec<_> =
        (0..60).map(|who| if who % 3 == 0 { "held".to_owned() } else { format!("u{who}") }).collect();
    let who: Vec<&str> = who.iter().map(String::as_str).collect();
    for (who, told) in who.iter().zip(together(&rates, &who).await) {
        if *who == "held" {
            let error = told.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
            assert!(!error.may_have_charged(), "{error}");
        } else {
            assert!(told.unwrap().is_allowed(), "{who}");
        }
    }
    assert!(start.elapsed() < patience + Duration::from_millis(100), "{:?}", start.elapsed());
    stranger.let_go().await;
    let told = hit(&rates, "held").await.unwrap();
    assert_eq!(told.outcomes()[0].remaining(), 998, "only what was allowed is charged");
}

#[tokio::test]
async fn who_is_just_making_a_row_holds_up_its_own_calls_alone() {
    let patience = Duration::from_millis(600);
    let store = store("making", patience, None).await;
    let rates = Rates::new(store.clone(), false);
    let mut stranger = Stranger::come().await;
    let name = store.names.rate(&key("made"), 2, HOUR.window_ms());
    stranger.run(format!("begin; insert into making.rate (key) values ({})", literal(&name))).await;
    let start = Instant::now();
    for (who, told) in ["a", "b", "made", "c"].iter().zip(together(&rates, &["a", "b", "made", "c"]).await) {
        if *who == "made" {
            let error = told.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
            assert!(!error.may_have_charged(), "{error}");
        } else {
            assert!(told.unwrap().is_allowed(), "{who}");
        }
    }
    assert!(start.elapsed() < patience + Duration::from_millis(100), "{:?}", start.elapsed());
    stranger.let_go().await;
    assert_eq!(hit(&rates, "made").await.unwrap().outcomes()[0].remaining(), 999);
}

#[tokio::test]
async fn calls_that_wait_for_a_row_have_it_once_it_is_free() {
    let store = store("freed", Duration::from_secs(20), None).await;
    let rates = Rates::new(store.clone(), false);
    assert!(hit(&rates, "held").await.is_ok());
    let mut stranger = Stranger::come().await;
    stranger.hold("freed", &[store.names.rate(&key("held"), 2, HOUR.window_ms())]).await;
    let waiting = {
        let rates = rates.clone();
        tokio::spawn(async move { together(&rates, &["held"; 30]).await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished());
    stranger.let_go().await;
    assert!(waiting.await.unwrap().iter().all(Result::is_ok));
    assert_eq!(hit(&rates, "held").await.unwrap().outcomes()[0].remaining(), 1000 - 32);
}

#[tokio::test]
async fn a_caller_that_gives_up_takes_nobody_along() {
    let store = store("given_up", Duration::from_secs(20), None).await;
    let rates = Rates::new(store, false);
    for round in 0..50_u64 {
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let rates = rates.clone();
                tokio::spawn(async move { hit(&rates, "u").await })
            })
            .collect();
        tokio::time::sleep(Duration::from_micros(40 * round)).await;
        for (place, task) in tasks.into_iter().enumerate() {
            if place % 2 == 0 {
                task.abort();
                let _ = task.await;
            } else {
                assert!(task.await.unwrap().unwrap().is_allowed());
            }
        }
    }
    let remaining = hit(&rates, "u").await.unwrap().outcomes()[0].remaining();
    assert!((0..500).contains(&remaining), "each that waited is charged, of the others some: {remaining}");
}

/// A service that has several runtimes, one of which ends.
#[test]
fn calls_go_on_when_the_runtime_has_ended_that_sent_those_before() {
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let lasting = runtime();
    let rates =
        lasting.block_on(async { Rates::new(store("ended", Duration::from_secs(5), None).await, false) });
    for round in 0..20_u64 {
        let passing = runtime();
        // Ends while its lanes rest, or send, or are about to.
        passing.block_on(async {
            let _ = together(&rates, &["a", "b", "c"]).await;
            tokio::time::sleep(Duration::from_millis(round % 4)).await;
        });
        passing.shutdown_background();
        let start = Instant::now();
        lasting.block_on(async {
            while let Err(error) = hit(&rates, "a").await {
                assert!(start.elapsed() < Duration::from_secs(2), "round {round}: {error}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
    }
}

#[tokio::test]
async fn nothing_is_left_lying_when_lanes_come_and_go() {
    let rates = Rates::new(store("come_and_go", Duration::from_secs(5), None).await, false);
    for round in 0..12_u64 {
        // About as long as a lane rests: it may be ending just now.
        tokio::time::sleep(Duration::from_millis(496 + round % 8)).await;
        let start = Instant::now();
        assert!(hit(&rates, "a").await.is_ok());
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
}

/// Its row and its entries are one state, though nothing locks them.
#[tokio::test]
async fn a_log_is_looked_at_as_a_whole_while_others_charge_it() {
    let rates = Rates::new(store("looked_at", Duration::from_secs(20), None).await, false);
    // The calls below seldom fall between two snapshots; that there is only one shows here.
    let one = "select 1 from pg_proc where proname = 'peek_many' and pronamespace = 'looked_at'::regnamespace and provolatile = 's'";
    assert_eq!(Stranger::come().await.run(one.to_owned()).await.len(), 1);
    let log = Limit::sliding_log(3, Duration::from_millis(5)).unwrap();
    let until = Instant::now() + Duration::from_secs(2);
    let work = |looks: bool| {
        let rates = rates.clone();
        tokio::spawn(async move {
            let key = key("log");
            let charge = [Charge::new(&key, &log).with_cost(2)];
            let mut calls = 0_u32;
            while Instant::now() < until {
                let told = if looks { rates.peek(&charge).await } else { rates.hit(&charge).await };
                let _ = told.unwrap();
                calls += 1;
            }
            calls
        })
    };
    for caller in [work(true), work(false), work(true), work(false), work(true)] {
        assert!(caller.await.unwrap() > 50);
    }
}
