//! Callers of several processes that start together.

use std::sync::Arc;

use limiter_core::{Key, SlotLimiter};
use limiter_testkit::processes::{Crowd, Member};
use tokio::task::JoinSet;

use crate::store::{LONG, Store, client, key, wanting};

const PROCESSES: usize = 4;
/// How many callers each process has.
const CALLERS: usize = 60;
const CAP: u64 = 7;
const ROUNDS: u64 = 5;

fn keys(round: u64) -> [Key; 2] {
    [key(""), key(&format!("u{round}"))]
}

/// All callers of a process at once, half of them with the scopes the other way round; tells how many got in.
async fn get_in(mut member: Member) {
    let slots = Arc::new(client(member.store()).await);
    member.ready().unwrap();
    while let Ok(round) = member.work::<u64>().await {
        let mut under_way = JoinSet::new();
        for caller in 0..CALLERS {
            let slots = Arc::clone(&slots);
            let mut keys = keys(round);
            if caller % 2 == 1 {
                keys.reverse();
            }
            // Only the second key is ever full.
            let cap_of_all = 1_000_000;
            let request = wanting(&keys, CAP, LONG);
            let scopes = request.scopes().iter().map(|scope| {
                let cap = if scope.key() == &key("") { cap_of_all } else { CAP };
                limiter_core::Scope::new(scope.key().clone(), cap)
            });
            let request = limiter_core::LeaseRequest::new(scopes.collect::<Vec<_>>(), LONG).unwrap();
            under_way.spawn(async move { slots.acquire(&request).await });
        }
        let mut granted = 0_u64;
        while let Some(answer) = under_way.join_next().await {
            match answer.unwrap() {
                Ok(acquisition) => granted += u64::from(acquisition.is_acquired()),
                Err(error) => return member.fail(error).unwrap(),
            }
        }
        member.tell(&granted).unwrap();
    }
}

#[tokio::test]
async fn of_callers_of_several_processes_exactly_the_cap_get_in_every_time() {
    if let Some(member) = Member::here() {
        return get_in(member).await;
    }
    let store = Store::new();
    let test = "counting::of_callers_of_several_processes_exactly_the_cap_get_in_every_time";
    let mut crowd = Crowd::start(test, &store.url, PROCESSES).await.unwrap();
    for round in 1..=ROUNDS {
        crowd.tell_all(&round).await.unwrap();
        let granted: Vec<u64> = crowd.one_each().await.unwrap();
        assert_eq!(granted.iter().sum::<u64>(), CAP, "{granted:?}");
        // In both scopes or in none, as the server itself has it.
        assert_eq!(store.live(), 2 * round * CAP);
    }
    crowd.end().await.unwrap();
    let slots = client(&store.url).await;
    assert_eq!(slots.in_use(&key("")).await.unwrap(), ROUNDS * CAP);
    let deadlocks = store.number("select deadlocks from pg_stat_database where datname = current_database()");
    assert_eq!(deadlocks, 0);
}
