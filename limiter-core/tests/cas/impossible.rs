//! Values that are spelled well, and that no call leaves behind: the algorithms would stumble over them.

use limiter_core::{CasBackend, EXACT, ErrorKind, ManualClock, QuotaTracker, SlotLimiter};

use crate::asks::{NOW_MS, at_once, every_look, key, quota, wanting};
use crate::map::MapStore;

const MINUTE_MS: u64 = 60_000;
/// The minute that is under way began then.
const START_MS: u64 = NOW_MS - 20_000;

/// A value in the making.
#[derive(Clone)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn of(first: u8, count: u32) -> Self {
        Self([&[first][..], &count.to_le_bytes()].concat())
    }

    fn then(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn count(self, count: u32) -> Self {
        self.then(&count.to_le_bytes())
    }

    fn numbers(self, numbers: &[u64]) -> Self {
        numbers.iter().fold(self, |bytes, number| bytes.then(&number.to_le_bytes()))
    }

    /// A rate counter of a tag and window.
    fn counter(self, tag: u8, window_ms: u64, numbers: &[u64]) -> Self {
        self.then(&[tag]).numbers(&[window_ms]).numbers(numbers)
    }

    /// A sliding log over a minute.
    fn log(self, written_ms: u64, entries: &[(u64, u64)]) -> Self {
        let log = self.counter(3, MINUTE_MS, &[written_ms]).count(u32::try_from(entries.len()).unwrap());
        entries.iter().fold(log, |log, (at_ms, units)| log.numbers(&[*at_ms, *units]))
    }

    /// A lease, or what is held of a quota.
    fn held(self, expires_ms: u64, units: u64, id: &str) -> Self {
        self.numbers(&[expires_ms, units]).then(&[u8::try_from(id.len()).unwrap()]).then(id.as_bytes())
    }

    /// A quota counter up to what is held.
    fn quota(self, period: u8, offset: i16, [start_ms, end_ms, written_ms, used]: [u64; 4]) -> Self {
        self.then(&[period]).then(&offset.to_le_bytes()).numbers(&[start_ms, end_ms, written_ms, used])
    }
}

fn one() -> Bytes {
    Bytes::of(0x11, 1)
}

fn two() -> Bytes {
    Bytes::of(0x11, 2)
}

const FIXED: [u64; 3] = [START_MS, 2, NOW_MS];

fn readable_rates() -> Vec<Bytes> {
    vec![
        one().counter(1, MINUTE_MS, &FIXED),
        two().counter(1, MINUTE_MS, &FIXED).counter(2, MINUTE_MS, &[START_MS, EXACT / MINUTE_MS, 1, NOW_MS]),
        one().log(NOW_MS, &[(NOW_MS - 1, 1), (NOW_MS, EXACT - 1)]),
        one().log(NOW_MS, &[]),
        one().counter(4, MINUTE_MS, &[EXACT, NOW_MS, NOW_MS]),
    ]
}

fn impossible_rates() -> Vec<Bytes> {
    vec![
        one().counter(0, MINUTE_MS, &FIXED),
        one().counter(5, MINUTE_MS, &FIXED),
        one().counter(1, 0, &FIXED),
        one().counter(1, 366 * 86_400_000 + 1, &[0, 2, NOW_MS]),
        one().counter(1, MINUTE_MS, &[START_MS + 1, 2, NOW_MS]),
        one().counter(1, MINUTE_MS, &[START_MS, 2, START_MS - 1]),
        one().counter(1, MINUTE_MS, &[START_MS, 2, START_MS + MINUTE_MS]),
        one().counter(1, MINUTE_MS, &[START_MS, EXACT + 1, NOW_MS]),
        one().counter(2, MINUTE_MS, &[START_MS, EXACT / MINUTE_MS + 1, 0, NOW_MS]),
        one().counter(2, MINUTE_MS, &[START_MS, 0, EXACT / MINUTE_MS + 1, NOW_MS]),
        one().counter(4, MINUTE_MS, &[0, NOW_MS, NOW_MS - 1]),
        one().counter(4, MINUTE_MS, &[0, NOW_MS, EXACT + 1]),
        one().log(NOW_MS, &[(NOW_MS, 1), (NOW_MS, 1)]),
        one().log(NOW_MS, &[(NOW_MS, 1), (NOW_MS - 1, 1)]),
        one().log(NOW_MS, &[(NOW_MS, 0)]),
        one().log(NOW_MS, &[(NOW_MS + 1, 1)]),
        one().log(NOW_MS, &[(NOW_MS - 1, 1), (NOW_MS, EXACT)]),
        two().counter(1, MINUTE_MS, &FIXED).counter(1, MINUTE_MS, &FIXED),
        two().counter(1, MINUTE_MS + 1, &[0, 2, 1]).counter(1, MINUTE_MS, &FIXED),
        two().counter(2, MINUTE_MS, &[START_MS, 1, 1, NOW_MS]).counter(1, MINUTE_MS, &FIXED),
    ]
}

fn readable_leases() -> Vec<Bytes> {
    let [one, two] = [1, 2].map(|count| Bytes::of(0x12, count));
    vec![one.held(NOW_MS + 1, EXACT, "a-_Z9"), two.held(NOW_MS + 1, 1, "b").held(NOW_MS + 1, EXACT - 1, "c")]
}

fn impossible_leases() -> Vec<Bytes> {
    let [one, two] = [1, 2].map(|count| Bytes::of(0x12, count));
    vec![
        one.clone().held(NOW_MS + 1, 0, "a"),
        one.clone().held(NOW_MS + 1, 1, ""),
        one.clone().held(NOW_MS + 1, 1, "a b"),
        one.clone().held(NOW_MS + 1, 1, &"a".repeat(65)),
        one.held(EXACT + 1, 1, "a"),
        two.clone().held(NOW_MS + 1, 1, "b").held(NOW_MS + 1, 1, "a"),
        two.clone().held(NOW_MS + 2, 1, "a").held(NOW_MS + 1, 1, "b"),
        two.clone().held(NOW_MS + 1, 1, "a").held(NOW_MS + 2, 1, "a"),
        two.held(NOW_MS + 1, 1, "a").held(NOW_MS + 1, EXACT, "b"),
    ]
}

/// The span of the day, when it was last written, and what was used.
const DAY: [u64; 4] = [1_699_920_000_000, 1_700_006_400_000, NOW_MS, 5];

fn readable_quotas() -> Vec<Bytes> {
    let [one, two] = [1, 2].map(|count| Bytes::of(0x13, count));
    vec![
        one.quota(5, 1_080, DAY).count(1).held(NOW_MS, EXACT, "a").count(1).held(NOW_MS, 0, "b"),
        two.quota(2, -1_080, DAY).count(0).count(0).quota(2, 0, DAY).count(0).count(0),
    ]
}

fn impossible_quotas() -> Vec<Bytes> {
    let [one, two] = [1, 2].map(|count| Bytes::of(0x13, count));
    let empty = |quota: Bytes| quota.count(0).count(0);
    let with = |place: usize, number: u64| {
        let mut day = DAY;
        day[place] = number;
        empty(one.clone().quota(2, 0, day))
    };
    vec![
        empty(one.clone().quota(0, 0, DAY)),
        empty(one.clone().quota(6, 0, DAY)),
        empty(one.clone().quota(2, 1_081, DAY)),
        empty(one.clone().quota(2, -1_081, DAY)),
        empty(one.clone().quota(2, i16::MIN, DAY)),
        with(0, NOW_MS + 1),
        with(1, NOW_MS),
        with(2, EXACT + 1),
        with(3, EXACT + 1),
        one.clone().quota(2, 0, DAY).count(2).held(NOW_MS, 1, "a").held(NOW_MS, EXACT, "b").count(0),
        one.clone().quota(2, 0, DAY).count(0).count(1).held(NOW_MS, 1, "a"),
        empty(empty(two.clone().quota(2, 0, DAY)).quota(2, 0, DAY)),
        empty(empty(two.quota(2, 1, DAY)).quota(2, 0, DAY)),
    ]
}

/// Which of the looks at a key are refused when all its values are these bytes: peek, in_use, leases, check.
fn refused(bytes: &Bytes) -> [bool; 4] {
    let map = MapStore::new(ManualClock::new(NOW_MS));
    let (backend, key) = (CasBackend::new(map.clone()), key("u1"));
    let limits = crate::asks::limits();
    let charges = limits.each_ref().map(|limit| limiter_core::Charge::new(&key, limit));
    assert!(at_once(limiter_core::RateLimiter::hit(&backend, &charges)).unwrap().is_allowed());
    assert!(at_once(backend.acquire(&wanting(&[&key], 9))).unwrap().is_acquired());
    assert!(at_once(backend.record(&key, &quota(), 1)).unwrap().is_allowed());
    map.overwrite(&bytes.0);
    let errors: Vec<_> = every_look(&backend, &key).into_iter().map(|(_, error)| error).collect();
    assert!(errors.iter().flatten().all(|error| error.kind() == ErrorKind::Protocol), "{errors:?}");
    [0, 1, 2, 3].map(|place| errors[place].is_some())
}

#[test]
fn what_no_call_leaves_behind_is_refused() {
    let all = [impossible_rates(), impossible_leases(), impossible_quotas()];
    for (kind, values) in all.iter().enumerate() {
        for (place, bytes) in values.iter().enumerate() {
            assert_eq!(refused(bytes), [true; 4], "value {place} of kind {kind}: {:?}", bytes.0);
        }
    }
}

/// So that what is refused isn't so for another reason.
#[test]
fn what_lies_just_within_is_read() {
    let (rates, leases, quotas) = (readable_rates(), readable_leases(), readable_quotas());
    assert!(rates.iter().all(|bytes| refused(bytes) == [false, true, true, true]));
    assert!(leases.iter().all(|bytes| refused(bytes) == [true, false, false, true]));
    assert!(quotas.iter().all(|bytes| refused(bytes) == [true, true, true, false]));
}
