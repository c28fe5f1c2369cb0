//! Rows that somebody else is just making, in calls over several.

use std::time::{Duration, Instant};

use limiter_core::{Charge, Decision, Key, Limit, Result, limit};
use tokio::task::JoinSet;

use super::server::{Stranger, literal, store};
use crate::key::Names;
use crate::rate::Rates;

const HOUR: Limit = limit!("1000/hour");

fn key(who: &str) -> Key {
    Key::new("making", who).unwrap()
}

async fn hit(rates: &Rates, who: &[&str]) -> Result<Decision> {
    let keys: Vec<_> = who.iter().map(|who| key(who)).collect();
    let charges: Vec<_> = keys.iter().map(|key| Charge::new(key, &HOUR)).collect();
    rates.hit(&charges).await
}

#[tokio::test]
async fn who_makes_a_row_holds_up_no_call_over_the_other_rows_of_those_who_wait() {
    let patience = Duration::from_secs(2);
    let store = store("made_with", patience, None).await;
    // As if in two processes.
    let (rates, elsewhere) = (Rates::new(store.clone(), false), Rates::new(store.clone(), false));
    assert!(hit(&rates, &["global"]).await.unwrap().is_allowed());
    let mut stranger = Stranger::come().await;
    let name = store.names.rate(&key("made"), 2, HOUR.window_ms());
    stranger.run(format!("begin; insert into made_with.rate (key) values ({})", literal(&name))).await;
    let mut waiting = JoinSet::new();
    for caller in 0..8 {
        let rates = rates.clone();
        let who = if caller % 2 == 0 { ["global", "made"] } else { ["made", "global"] };
        waiting.spawn(async move { hit(&rates, &who).await });
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    let begun = Instant::now();
    for _ in 0..20 {
        assert!(hit(&rates, &["global"]).await.unwrap().is_allowed());
        assert!(hit(&elsewhere, &["global"]).await.unwrap().is_allowed());
    }
    assert!(begun.elapsed() < patience / 2, "{:?}", begun.elapsed());
    assert!(waiting.try_join_next().is_none(), "nobody has the row yet");
    stranger.let_go().await;
    while let Some(told) = waiting.join_next().await {
        assert!(told.unwrap().unwrap().is_allowed());
    }
    let told = hit(&rates, &["global", "made"]).await.unwrap();
    assert_eq!(told.outcomes()[0].remaining(), 1000 - 41 - 8 - 1);
    assert_eq!(told.outcomes()[1].remaining(), 1000 - 8 - 1);
}

/// New rows, some of which somebody else makes: what is told of each is its own.
#[tokio::test]
async fn each_call_of_a_batch_is_told_of_the_rows_that_are_made() {
    let store = store("some_made", Duration::from_secs(20), None).await;
    let counters: Vec<_> = (0..40_u64).map(|number| name(&format!("u{number}"))).collect();
    let mut counters: Vec<_> = counters.iter().map(|name| literal(name)).collect();
    counters.sort();
    let mut stranger = Stranger::come().await;
    for held in [3, 7, 39] {
        let begin = if held == 3 { "begin;" } else { "" };
        stranger.run(format!("{begin} insert into some_made.rate (key) values ({})", counters[held])).await;
    }
    drop(store);
    let many = |wait: usize| {
        format!(
            "select (unnest(some_made.hit_many(array[{}]::bytea[], array_fill(1::bigint, array[40]), array(select v from \
             generate_series(1, 40) i, unnest(array[i, 2, 9, 60000, 9, 1]) with ordinality u (v, o) order by i, o), \
             false, {wait}, 100)))::text as told",
            counters.join(", ")
        )
    };
    let mut caller = Stranger::come().await;
    let told: Vec<i64> = caller.run(many(0)).await.iter().map(text).collect();
    let held: Vec<_> = told.iter().copied().filter(|told| *told < -1).collect();
    assert_eq!((held, told.len()), (vec![-4, -8, -40], 37 * 4 + 3));
    let begun = Instant::now();
    assert_eq!(caller.refused(many(8)).await, "55P03");
    assert!(begun.elapsed() > Duration::from_millis(90), "it is waited for");
    stranger.let_go().await;
    assert_eq!(caller.run(many(8)).await.len(), 40 * 4);
}

fn name(who: &str) -> Vec<u8> {
    Names::new("").rate(&key(who), 2, HOUR.window_ms())
}

fn text(row: &sqlx::postgres::PgRow) -> i64 {
    sqlx::Row::get::<&str, _>(row, 0).parse().unwrap()
}
