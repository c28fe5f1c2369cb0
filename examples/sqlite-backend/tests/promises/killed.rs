//! Processes that are killed in the midst of commits.

use limiter_factory::{Charge, Key, Limit, RateLimiter, limit};
use limiter_testkit::processes::{Crowd, Member};
use tokio::task::JoinSet;

use crate::counts::counted;
use crate::file::File;

const PROCESSES: usize = 4;
const CALLERS: u64 = 4;
const LIMIT: Limit = limit!("fixed 100000/366d");
/// How many acknowledged hits are waited for before a process is killed.
const ENOUGH: u64 = 40;

fn keys() -> [Key; 2] {
    ["all", "all too"].map(|name| Key::new("killed", name).unwrap())
}

/// Hits both keys in one call until the process is killed, and tells of each call that was acknowledged.
async fn hit_and_tell(rates: impl RateLimiter, member: &Member) {
    let [one, other] = keys();
    loop {
        let charges = [Charge::new(&one, &LIMIT), Charge::new(&other, &LIMIT)];
        assert!(rates.hit(&charges).await.unwrap().is_allowed());
        member.tell(&1_u64).unwrap();
    }
}

async fn take_part(mut member: Member) {
    let backend = File::of_this_test().client(None).await;
    member.ready().unwrap();
    member.work::<()>().await.unwrap();
    let member = std::sync::Arc::new(member);
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (rates, member) = (backend.rates.clone(), std::sync::Arc::clone(&member));
        callers.spawn(async move { hit_and_tell(rates, &member).await });
    }
    callers.join_all().await;
}

/// All that a process has told, from now to its end.
async fn told(crowd: &mut Crowd, process: usize) -> u64 {
    let mut told = 0;
    while let Some(hits) = crowd.next::<u64>(process).await.unwrap() {
        told += hits;
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_killed_processes_had_acknowledged_is_counted_and_no_more_than_was_under_way() {
    if let Some(member) = Member::here() {
        return take_part(member).await;
    }
    let file = File::new();
    let test = "killed::what_killed_processes_had_acknowledged_is_counted_and_no_more_than_was_under_way";
    let mut crowd = Crowd::start(test, &file.store(), PROCESSES).await.unwrap();
    crowd.tell_all(&()).await.unwrap();
    let mut acknowledged = 0;
    for process in 0..PROCESSES {
        for _ in 0..ENOUGH {
            acknowledged += crowd.next::<u64>(process).await.unwrap().unwrap();
        }
        crowd.kill(process).await.unwrap();
        acknowledged += told(&mut crowd, process).await;
    }
    let (backend, [one, other]) = (file.client(None).await, keys());
    let (one, other) = (counted(&backend, &one, &LIMIT).await, counted(&backend, &other, &LIMIT).await);
    assert_eq!(one, other, "a commit of two writes is there as a whole or not at all");
    let under_way = PROCESSES as u64 * CALLERS;
    assert!(
        (acknowledged..=acknowledged + under_way).contains(&one),
        "{acknowledged} acknowledged, {one} counted"
    );
}
