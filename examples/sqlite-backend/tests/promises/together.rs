//! Four processes at once, each with several calls under way, while somebody else takes the lock again and again.

use limiter_factory::{Backend, Charge, Key, Limit, RateLimiter, limit};
use limiter_testkit::processes::{Crowd, Member};
use tokio::task::JoinSet;

use crate::blocker::Blocker;
use crate::counts::counted;
use crate::file::File;

const PROCESSES: usize = 4;
const CALLERS: u64 = 4;
const CALLS: u64 = 24;
const MAX: u64 = 100;
const LIMIT: Limit = limit!("fixed 100/366d");
/// Hit by one call each, and by calls that hit both.
const KEYS: [&str; 3] = ["one", "other", "both"];

fn key(name: &str) -> Key {
    Key::new("together", name).unwrap()
}

/// How often each key was charged by calls that were allowed.
async fn hits_of_one_process(backend: &Backend) -> [u64; 3] {
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(hits_of_one_caller(backend.rates.clone(), caller));
    }
    let mut sums = [0; 3];
    for charged in callers.join_all().await {
        sums.iter_mut().zip(charged).for_each(|(sum, charged)| *sum += charged);
    }
    sums
}

async fn hits_of_one_caller(rates: impl RateLimiter, caller: u64) -> [u64; 3] {
    let keys = KEYS.map(key);
    let mut charged = [0; 3];
    for call in caller..caller + CALLS {
        let places = match call % 4 {
            0 => vec![0],
            1 => vec![1, 2],
            2 => vec![2],
            _ => vec![2, 0],
        };
        let charges: Vec<_> = places.iter().map(|&place| Charge::new(&keys[place], &LIMIT)).collect();
        if rates.hit(&charges).await.unwrap().is_allowed() {
            for place in places {
                charged[place] += 1;
            }
        }
    }
    charged
}

async fn take_part(mut member: Member) {
    let backend = File::of_this_test().client(None).await;
    member.ready().unwrap();
    while let Ok(()) = member.work().await {
        member.tell(&hits_of_one_process(&backend).await).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_of_four_processes_are_exact_while_the_lock_is_taken_by_others() {
    if let Some(member) = Member::here() {
        return take_part(member).await;
    }
    let file = File::new();
    let backend = file.client(None).await;
    let test = "together::counts_of_four_processes_are_exact_while_the_lock_is_taken_by_others";
    let mut crowd = Crowd::start(test, &file.store(), PROCESSES).await.unwrap();
    let blocker = Blocker::start(file.path(), [1..=20, 1..=10]).await;
    crowd.tell_all(&()).await.unwrap();
    let charged: Vec<[u64; 3]> = crowd.one_each().await.unwrap();
    let busy = blocker.busy();
    for (place, name) in KEYS.into_iter().enumerate() {
        let told: u64 = charged.iter().map(|charged| charged[place]).sum();
        assert_eq!(told, counted(&backend, &key(name), &LIMIT).await, "{name}: {charged:?}");
    }
    // Every process wanted more than there was of the last one.
    assert_eq!(charged.iter().map(|charged| charged[2]).sum::<u64>(), MAX, "{charged:?}");
    assert!(busy > 10, "SQLITE_BUSY was seen {busy} times");
    crowd.end().await.unwrap();
}
