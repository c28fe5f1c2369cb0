//! How often a call is tried, and what it says when it got nowhere.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Wake, Waker};

use async_trait::async_trait;
use limiter_core::{
    CasBackend, CasStore, CasWrite, Charge, Error, ErrorKind, Loaded, ManualClock, RateLimiter, Result,
    SlotLimiter, limit,
};

use crate::asks::{NOW_MS, all_err, at_once, every_change, every_look, key, lease, receipt, wanting};
use crate::hooked::{Fate, Hooked};
use crate::map::MapStore;

const MOST_ATTEMPTS: u64 = 2_000;

fn map() -> MapStore {
    MapStore::new(ManualClock::new(NOW_MS))
}

#[test]
fn a_call_over_a_store_where_others_are_always_faster_ends_and_has_changed_nothing() {
    let backend = CasBackend::new(Hooked::new(map(), |_| Fate::Lost));
    let (key, limit) = (key("u1-secret"), limit!("5/min"));
    let error = at_once(backend.hit(&[Charge::new(&key, &limit)])).unwrap_err();
    let text = error.to_string();
    assert_eq!(backend.store().asked(), [MOST_ATTEMPTS; 3]);
    assert!(error.is_transient() && !error.may_have_charged() && text.contains("2000 attempts"), "{text}");
    all_err(vec![("hit", Some(error))], ErrorKind::Unavailable, &["secret"]);
    assert!(backend.store().map.all().is_empty());
}

#[test]
fn a_call_that_loses_a_few_times_is_made_once() {
    let backend =
        CasBackend::new(Hooked::new(map(), |number| if number < 4 { Fate::Lost } else { Fate::Made }));
    let (key, limit) = (key("u1"), limit!("5/min"));
    let decision = at_once(backend.hit(&[Charge::new(&key, &limit).with_cost(2)])).unwrap();
    assert_eq!(decision.outcomes()[0].remaining(), 3);
    assert_eq!(backend.store().asked(), [4, 4, 3]);
}

#[test]
fn a_commit_that_was_not_answered_is_not_sent_again() {
    let used = key("u1");
    let backend = CasBackend::new(Hooked::new(map(), |_| Fate::Unanswered));
    let came = every_change(&backend, &[&used]);
    let (answered, erred): (Vec<_>, Vec<_>) = came.into_iter().partition(|(_, error)| error.is_none());
    // At a time that stands still a renewal moves nothing.
    assert!(matches!(answered.as_slice(), [("renew", _)]), "{answered:?}");
    assert!(erred.iter().all(|(_, error)| error.as_ref().is_some_and(Error::may_have_charged)), "{erred:?}");
    all_err(erred, ErrorKind::Timeout, &[used.subject()]);
    assert_eq!(backend.store().asked(), [7, 6, 0]);
}

#[test]
fn a_lost_answer_is_charged_once() {
    let backend =
        CasBackend::new(Hooked::new(map(), |number| if number == 1 { Fate::Unanswered } else { Fate::Made }));
    let (key, limit) = (key("u1"), limit!("5/min"));
    let charges = [Charge::new(&key, &limit)];
    let error = at_once(backend.hit(&charges)).unwrap_err();
    assert!(error.may_have_charged() && error.kind() == ErrorKind::Timeout, "{error}");
    assert_eq!(backend.store().asked(), [1, 1, 0]);
    assert_eq!(at_once(backend.peek(&charges)).unwrap().outcomes()[0].remaining(), 4);
}

#[test]
fn what_changes_nothing_is_one_load_and_no_commit() {
    let backend = CasBackend::new(Hooked::new(map(), |_| Fate::Made));
    let (used, limit) = (key("u1"), limit!("1/min"));
    every_change(&backend, &[&used]);
    assert!(at_once(backend.acquire(&wanting(&[&used], 1))).unwrap().is_acquired());
    let one = [Charge::new(&used, &limit)];
    assert!(at_once(backend.hit(&one)).unwrap().is_allowed());
    backend.store().asked();
    every_look(&backend, &used);
    assert_eq!(backend.store().asked(), [4, 0, 0]);
    every_look(&backend, &key("new"));
    assert_eq!(backend.store().asked(), [4, 0, 0]);
    assert!(!at_once(backend.hit(&one)).unwrap().is_allowed());
    assert!(at_once(backend.hit(&[one[0].with_cost(0)])).unwrap().is_allowed());
    assert!(!at_once(backend.acquire(&wanting(&[&used], 1))).unwrap().is_acquired());
    assert_eq!(at_once(backend.renew(&[lease("stranger", &[&used])])).unwrap(), [false]);
    at_once(RateLimiter::reset(&backend, &key("new"), &limit)).unwrap();
    at_once(backend.refund(receipt(&[&key("new")], &limit))).unwrap();
    assert_eq!(backend.store().asked(), [6, 0, 0]);
}

#[test]
fn what_needs_no_counter_asks_the_store_nothing() {
    let backend = CasBackend::new(Hooked::new(map(), |_| Fate::Made));
    let (key, unlimited) = (key("u1"), limit!("unlimited"));
    assert!(at_once(backend.hit(&[Charge::new(&key, &unlimited)])).unwrap().is_allowed());
    at_once(backend.refund(receipt(&[], &unlimited))).unwrap();
    assert!(at_once(backend.renew(&[])).unwrap().is_empty());
    assert_eq!(at_once(backend.hit(&[])).unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert_eq!(backend.store().asked(), [0, 0, 0]);
}

/// A store in which another call gets in between the first load and its commit.
#[derive(Debug)]
struct Meddled {
    map: MapStore,
    done: AtomicBool,
}

#[async_trait]
impl CasStore for Meddled {
    async fn load(&self, names: &[Vec<u8>]) -> Result<Loaded> {
        self.map.load(names).await
    }

    async fn commit(&self, writes: &[CasWrite]) -> Result<bool> {
        if !self.done.swap(true, Ordering::SeqCst) {
            let other = CasBackend::new(self.map.clone());
            let looked_at = key("looked at");
            assert!(other.hit(&[Charge::new(&looked_at, &limit!("1/min"))]).await?.is_allowed());
        }
        self.map.commit(writes).await
    }
}

#[test]
fn what_a_decision_only_looked_at_must_still_stand() {
    let backend = CasBackend::new(Meddled { map: map(), done: AtomicBool::new(false) });
    let (changed, looked_at) = (key("changed"), key("looked at"));
    // The one denies and is counted; the other is looked at, and would fit if it weren't for the call in between.
    let (counting, once) = (limit!("0/min").counting_denied().unwrap(), limit!("1/min"));
    let charges = [Charge::new(&changed, &counting), Charge::new(&looked_at, &once)];
    let decision = at_once(backend.hit(&charges)).unwrap();
    let told =
        |place: usize| (decision.outcomes()[place].is_allowed(), decision.outcomes()[place].remaining());
    assert_eq!([told(0), told(1)], [(false, 0), (false, 0)]);
    assert!(backend.store().done.load(Ordering::SeqCst));
}

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicU64);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn the_default_pause_lets_others_run_and_wakes_itself() {
    let store = map();
    let mut longest = 0;
    for attempt in [1, 2, 8, 9, 2_000] {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut pause = pin!(store.pause(attempt));
        let mut polls = 0;
        while pause.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            polls += 1;
            assert_eq!(woken.0.load(Ordering::SeqCst), polls, "it isn't polled again unless it is woken");
        }
        assert!((1..=1 << attempt.min(8)).contains(&polls), "{polls} turns after attempt {attempt}");
        longest = longest.max(polls);
    }
    assert!(longest > 2, "the pause never grows");
}
