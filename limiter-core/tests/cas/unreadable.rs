//! Values that nobody has written so.

use std::time::Duration;

use limiter_core::{
    CasBackend, CasStore, Charge, Clock, ErrorKind, Key, Loaded, ManualClock, QuotaTracker, RateLimiter,
    Result, SlotLimiter, limit,
};
use proptest::prelude::*;

use crate::asks::{NOW_MS, all_err, at_once, came, every_change, every_look, key, limits, quota};
use crate::hooked::{Fate, Hooked};
use crate::map::MapStore;

const SUBJECT: &str = "u1-secret";

/// What is asked of one part, and what makes its value.
#[derive(Clone, Copy, Debug)]
enum Part {
    Rates,
    Slots,
    Quotas,
}

const PARTS: [Part; 3] = [Part::Rates, Part::Slots, Part::Quotas];

type Backend = CasBackend<Hooked<fn(u64) -> Fate>>;

fn backend(clock: &ManualClock) -> Backend {
    CasBackend::new(Hooked::new(MapStore::new(clock.clone()), |_| Fate::Made))
}

/// Uses one part at random: each number is a call, and how long the clock goes on before it.
fn history(part: Part, key: &Key, calls: &[(u8, u64)]) -> Backend {
    let clock = ManualClock::new(NOW_MS);
    let backend = backend(&clock);
    for (call, step_ms) in calls {
        clock.advance(Duration::from_millis(*step_ms));
        let id = format!("id-{}", call % 5);
        let (amount, place) = (u64::from(call % 3), usize::from(call / 64));
        match part {
            Part::Rates => {
                let limits = limits();
                let charges = [Charge::new(key, &limits[place]).with_cost(amount)];
                drop(at_once(backend.hit(&charges)).unwrap());
            }
            Part::Slots if place == 0 => drop(at_once(backend.release(&[crate::asks::lease(&id, &[key])]))),
            Part::Slots => {
                let request = crate::asks::wanting(&[key], 40).with_permits(amount + 1).unwrap();
                drop(at_once(backend.acquire(&request)).unwrap());
            }
            Part::Quotas if place == 0 => {
                let quota = quota().with_utc_offset_minutes(i16::from(*call)).unwrap();
                assert!(at_once(backend.record(key, &quota, amount)).unwrap().is_allowed());
            }
            Part::Quotas => {
                let reservation = crate::asks::reserving(&id, &[key], amount);
                drop(at_once(backend.reserve(&reservation)));
                if place == 3 {
                    drop(at_once(backend.settle(&reservation.cancellation())).unwrap());
                }
            }
        }
    }
    backend
}

/// Every call on the key.
fn everything(backend: &Backend, key: &Key) -> Vec<crate::asks::Came> {
    let mut came = every_look(backend, key);
    came.extend(every_change(backend, &[key]));
    came
}

/// The calls that read the part's value.
fn asked_of(part: Part, came: Vec<crate::asks::Came>) -> Vec<crate::asks::Came> {
    let its: &[&str] = match part {
        Part::Rates => &["peek", "hit", "refund"],
        Part::Slots => &["in_use", "leases", "acquire", "renew", "release"],
        Part::Quotas => &["check", "reserve", "settle"],
    };
    came.into_iter().filter(|(operation, _)| its.contains(operation)).collect()
}

fn is_refused(part: Part, backend: &Backend, key: &Key, bytes: &[u8]) {
    backend.store().map.overwrite(bytes);
    let came = asked_of(part, everything(backend, key));
    assert!(came.len() >= 3);
    all_err(came, ErrorKind::Protocol, &["secret"]);
    let all = backend.store().map.all();
    assert!(all.iter().any(|(_, value, _)| value == bytes), "it was written over");
}

/// A value of the part that holds something, alone in its store.
fn used(part: Part) -> (Backend, Key, Vec<u8>) {
    let key = key(SUBJECT);
    let calls: Vec<_> = [70, 5, 200, 131, 194, 67, 10, 255].map(|call| (call, 700)).into();
    let backend = history(part, &key, &calls);
    let value = backend.store().map.only_value();
    (backend, key, value)
}

#[test]
fn a_value_that_was_cut_off_or_goes_on_is_refused() {
    for part in PARTS {
        let (_, _, value) = used(part);
        assert!(value.len() > 80, "{part:?}: {value:?}");
        let cut = (0..value.len()).map(|length| value[..length].to_vec());
        let longer =
            [vec![0], vec![1, 0, 0, 0], value[5..].to_vec()].map(|more| [value.clone(), more].concat());
        for other in cut.chain(longer) {
            let (backend, key, _) = used(part);
            is_refused(part, &backend, &key, &other);
        }
    }
}

#[test]
fn a_value_of_another_kind_or_version_or_of_nothing_is_refused() {
    let values = PARTS.map(|part| used(part).2);
    for (place, part) in PARTS.into_iter().enumerate() {
        let own = &values[place];
        let mut later = own.clone();
        later[0] += 0x10;
        let others =
            values.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, value)| value.clone());
        let nothing = [
            vec![],
            vec![own[0]],
            vec![own[0], 0, 0, 0, 0],
            later,
            b"5".to_vec(),
            vec![0; 200],
            vec![255; 200],
        ];
        for value in others.chain(nothing) {
            let (backend, key, _) = used(part);
            is_refused(part, &backend, &key, &value);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// One state has one spelling: what is read and written again is the same, so a look commits nothing.
    #[test]
    fn what_was_written_is_read_and_written_again_the_same(
        part in prop::sample::select(PARTS.to_vec()),
        calls in prop::collection::vec((any::<u8>(), 0..40_000_u64), 1..40),
    ) {
        let key = key(SUBJECT);
        let backend = history(part, &key, &calls);
        backend.store().asked();
        prop_assert!(every_look(&backend, &key).iter().all(|(_, error)| error.is_none()));
        prop_assert_eq!(backend.store().asked(), [4, 0, 0]);
    }

    /// A changed byte is refused, or makes another state that is one: no call panics, and it has one spelling too.
    #[test]
    fn a_changed_byte_makes_nobody_panic(
        part in prop::sample::select(PARTS.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        at_ms in prop_oneof![Just(NOW_MS + 10_000), 0..=limiter_core::EXACT],
    ) {
        let (written, key, mut value) = used(part);
        let clock = ManualClock::new(NOW_MS);
        let backend = backend(&clock);
        for (place, byte) in changes {
            let place = place.index(value.len());
            value[place] = byte;
        }
        drop(written);
        every_change(&backend, &[&key]);
        backend.store().map.overwrite(&value);
        clock.set_ms(at_ms);
        backend.store().asked();
        every_look(&backend, &key);
        prop_assert_eq!(backend.store().asked()[1], 0, "a look commits");
        everything(&backend, &key);
    }
}

/// A store that answers as none may.
#[derive(Debug)]
struct Wrong {
    now_ms: u64,
    values: usize,
}

#[async_trait::async_trait]
impl CasStore for Wrong {
    async fn load(&self, _: &[Vec<u8>]) -> Result<Loaded> {
        Ok(Loaded { now_ms: self.now_ms, values: vec![None; self.values] })
    }

    async fn commit(&self, _: &[limiter_core::CasWrite]) -> Result<bool> {
        unreachable!("nothing can be decided")
    }
}

#[test]
fn an_answer_that_is_none_is_refused() {
    for (now_ms, values) in [(NOW_MS, 0), (NOW_MS, 2), (limiter_core::EXACT + 1, 1)] {
        let backend = CasBackend::new(Wrong { now_ms, values });
        let (key, limit) = (key(SUBJECT), limit!("5/min"));
        let error = came("hit", at_once(backend.hit(&[Charge::new(&key, &limit)])));
        all_err(vec![error], ErrorKind::Protocol, &["secret"]);
    }
    assert_eq!(ManualClock::new(NOW_MS).now_ms(), NOW_MS);
}
