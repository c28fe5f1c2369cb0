//! Many processes that charge several keys in any order.

use std::time::{Duration, Instant};

use limiter_core::{Charge, Limit, RateLimiter};
use limiter_postgres::PostgresBackend;
use limiter_testkit::processes::{Crowd, Member};
use sqlx::{Connection as _, Executor as _, PgConnection};
use testservers::postgres::Postgres;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::server::{ask, client, key, one_of_each, options};

const PROCESSES: usize = 16;
/// How many calls each process has on its way at once.
const AT_ONCE: u64 = 3;
const KEYS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(30);
const MAX: u64 = 9_000;

/// How long a round lasts, and how many there are: a minute where tests are to take long.
fn rounds() -> (Duration, usize) {
    let long = std::env::var_os("TESTKIT_LONG").is_some_and(|value| value == "1");
    if long { (Duration::from_secs(20), 3) } else { (Duration::from_secs(4), 1) }
}

/// Each key has a limit of another algorithm than the next; every other one is used up before the end.
fn limit(place: usize) -> Limit {
    let max = if place.is_multiple_of(2) { MAX } else { 500 };
    one_of_each(max)[place % 4]
}

#[tokio::test]
async fn sixteen_processes_charge_three_of_ten_keys_in_any_order() {
    if let Some(member) = Member::here() {
        return charge_at_random(member).await;
    }
    let server = Postgres::start().unwrap();
    client(&server.url(), options(PATIENCE, 2)).await;
    let test = "deadlocks::sixteen_processes_charge_three_of_ten_keys_in_any_order";
    let mut crowd = Crowd::start(test, &server.url(), PROCESSES).await.unwrap();
    let mut told: Vec<Vec<u64>> = Vec::new();
    for _ in 0..rounds().1 {
        crowd.tell_all(&()).await.unwrap();
        told.extend(crowd.one_each::<Vec<u64>>().await.unwrap());
    }
    crowd.end().await.unwrap();

    let backend = client(&server.url(), options(PATIENCE, 2)).await;
    let mut calls = 0;
    for place in 0..KEYS {
        let charged: u64 = told.iter().map(|counts| counts[place]).sum();
        let (key, limit) = (key(&place.to_string()), limit(place));
        let remaining = backend.peek(&[Charge::new(&key, &limit)]).await.unwrap().outcomes()[0].remaining();
        assert_eq!(limit.max() - remaining, charged, "{limit:?}");
        calls += charged;
    }
    assert!(calls / 3 > 500, "{calls} charges in all");
    assert!(
        told.iter().take(PROCESSES).all(|counts| counts.iter().sum::<u64>() > 0),
        "each process has come to charge: {told:?}"
    );
    // The server tells a little later what it has counted.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(ask(&server, "select sum(deadlocks) from pg_stat_database"), "0");
}

/// Calls by hand, which wait for each row, over keys that nobody has used: all of them are made by several at once.
#[tokio::test]
async fn calls_by_hand_make_new_rows_in_any_order() {
    let server = Postgres::start().unwrap();
    client(&server.url(), options(PATIENCE, 2)).await;
    let mut callers = JoinSet::new();
    for caller in 0..8_usize {
        let mut connection = PgConnection::connect(&server.url()).await.unwrap();
        callers.spawn(async move {
            for round in 0..60 {
                let mut keys: Vec<_> = (0..5).map(|key| format!("limiter.key('new', '{round}.{key}')")).collect();
                keys.rotate_left(caller % 5);
                if caller % 2 == 0 {
                    keys.reverse();
                }
                let keys = keys.join(", ");
                let text = format!(
                    "select * from limiter.acquire('{caller}-{round}', array[{keys}], array[99, 99, 99, 99, 99], 1, 60000); \
                     select * from limiter.hit(array[{keys}], array_fill('fixed_window'::text, array[5]), \
                     array_fill(99::bigint, array[5]), array_fill(86400000::bigint, array[5]))"
                );
                connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(text))).await.unwrap();
            }
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
    let leases = ask(&server, "select count(*) from limiter.lease");
    assert_eq!(leases, (8 * 60 * 5).to_string());
}

fn acquire(id: &str, keys: &[&str]) -> String {
    let list: Vec<_> = keys.iter().map(|key| format!("limiter.key('new', '{key}')")).collect();
    let caps = vec!["9"; keys.len()].join(", ");
    format!("select * from limiter.acquire('{id}', array[{}], array[{caps}], 1, 60000)", list.join(", "))
}

/// A row that was made while somebody waited to make an earlier one.
#[tokio::test]
async fn who_makes_rows_has_none_that_comes_later_in_order() {
    let server = Postgres::start().unwrap();
    client(&server.url(), options(PATIENCE, 2)).await;
    let come = async || PgConnection::connect(&server.url()).await.unwrap();
    let run = |mut connection: PgConnection, text: String| {
        tokio::spawn(
            async move { connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(text))).await.map(drop) },
        )
    };
    let mut stranger = come().await;
    stranger.execute("begin; insert into limiter.slot values (limiter.key('new', 'b'))").await.unwrap();
    let first = run(come().await, acquire("first", &["a", "b", "c"]));
    sleep(Duration::from_millis(200)).await;
    run(come().await, acquire("makes-c", &["c"])).await.unwrap().unwrap();
    let second = run(come().await, acquire("second", &["c", "a"]));
    sleep(Duration::from_millis(200)).await;
    stranger.execute("rollback").await.unwrap();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
}

fn hit(keys: &[&str]) -> String {
    let list: Vec<_> = keys.iter().map(|key| format!("limiter.key('gone', '{key}')")).collect();
    let each = |what: &str| format!("array_fill({what}, array[{}])", keys.len());
    let (kinds, maxes, windows) =
        (each("'fixed_window'::text"), each("99::bigint"), each("86400000::bigint"));
    format!("select * from limiter.hit(array[{}], {kinds}, {maxes}, {windows})", list.join(", "))
}

/// Runs statements on a connection of their own, which comes back.
fn run(url: String, text: String) -> JoinHandle<PgConnection> {
    tokio::spawn(async move {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(text))).await.unwrap();
        connection
    })
}

/// A row that is deleted while somebody waits for it, and is made again by another.
async fn a_row_goes_while_it_is_waited_for(one: String, two: String, both: String, delete: &str) {
    const A_MOMENT: Duration = Duration::from_millis(150);
    let server = Postgres::start().unwrap();
    client(&server.url(), options(PATIENCE, 2)).await;
    let run = |text: String| run(server.url(), text);
    run(one).await.unwrap();
    run(two.clone()).await.unwrap();
    let mut deletes = run(format!("begin; {delete}")).await.unwrap();
    let mut holds = run(format!("begin; {two}")).await.unwrap();
    let first = run(both.clone());
    sleep(A_MOMENT).await;
    deletes.execute("commit").await.unwrap();
    sleep(A_MOMENT).await;
    let second = run(both);
    sleep(A_MOMENT).await;
    holds.execute("commit").await.unwrap();
    first.await.unwrap();
    second.await.unwrap();
}

#[tokio::test]
async fn who_waited_for_a_counter_that_is_gone_has_none_that_comes_later_in_order() {
    // Keys don't always come in the order of their names.
    for (one, two) in [("a", "b"), ("b", "a")] {
        let delete =
            format!("select * from limiter.reset(limiter.key('gone', '{one}'), 'fixed_window', 86400000)");
        a_row_goes_while_it_is_waited_for(hit(&[one]), hit(&[two]), hit(&[one, two]), &delete).await;
    }
}

#[tokio::test]
async fn who_waited_for_a_slot_that_is_gone_has_none_that_comes_later_in_order() {
    for (one, two) in [("a", "b"), ("b", "a")] {
        let delete = format!("delete from limiter.slot where key = limiter.key('new', '{one}')");
        let (first, second) = (acquire("first", &[one]), acquire("second", &[two]));
        a_row_goes_while_it_is_waited_for(first, second, acquire("both", &[one, two]), &delete).await;
    }
}

/// Charges three keys a call until the time is up; tells how often each was charged.
async fn charge_at_random(mut member: Member) {
    let backend = client(member.store(), options(PATIENCE, 3)).await;
    member.ready().unwrap();
    while let Ok(()) = member.work::<()>().await {
        member.tell(&one_round(&backend).await).unwrap();
    }
}

async fn one_round(backend: &PostgresBackend) -> Vec<u64> {
    let until = Instant::now() + rounds().0;
    let mut callers = JoinSet::new();
    for caller in 0..AT_ONCE {
        let seed = u64::from(std::process::id()) * AT_ONCE + caller + 1;
        callers.spawn(charge_until(backend.clone(), until, seed));
    }
    let mut charged = vec![0; KEYS];
    while let Some(counts) = callers.join_next().await {
        for (sum, count) in charged.iter_mut().zip(counts.unwrap()) {
            *sum += count;
        }
    }
    charged
}

async fn charge_until(backend: PostgresBackend, until: Instant, seed: u64) -> Vec<u64> {
    let (mut charged, mut chance) = (vec![0; KEYS], seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut below = |bound: usize| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        usize::try_from(chance >> 33).unwrap() % bound
    };
    while Instant::now() < until {
        let mut places = Vec::new();
        while places.len() < 3 {
            let place = below(KEYS);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let wanted: Vec<_> = places.iter().map(|place| (key(&place.to_string()), limit(*place))).collect();
        let charges: Vec<_> = wanted.iter().map(|(key, limit)| Charge::new(key, limit)).collect();
        if backend.hit(&charges).await.unwrap().is_allowed() {
            for place in places {
                charged[place] += 1;
            }
        }
    }
    charged
}
