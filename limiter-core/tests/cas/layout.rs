//! The bytes of a released layout. They stay as they are: releases side by side read and compare each other's.

use std::time::Duration;

use limiter_core::{
    CasBackend, Charge, Clock, Limit, ManualClock, Outcome, QuotaTracker, RateLimiter, SlotLimiter, limit,
};

use crate::asks::{NOW_MS, at_once, key, limits, quota, reserving, wanting};
use crate::map::MapStore;

/// Version 1, rates: how many counters, and of each its tag and window, and what it counts.
const RATES: &str = "
    11 05000000
    01 60ea000000000000 e019e5cf8b010000 0200000000000000 0068e5cf8b010000
    01 80ee360000000000 0033d9cf8b010000 0900000000000000 502be6cf8b010000
    02 60ea000000000000 4004e6cf8b010000 0400000000000000 0100000000000000 502be6cf8b010000
    03 60ea000000000000 502be6cf8b010000 02000000 0068e5cf8b010000 0100000000000000 502be6cf8b010000 0200000000000000
    04 60ea000000000000 80a9030000000000 0068e5cf8b010000 a0f4e5cf8b010000
";

/// Version 1, leases: how many, and of each its expiry, permits and id.
const SLOTS: &str = "
    12 03000000
    784ee6cf8b010000 0200000000000000 10 6c656173652d30313233343536373839
    6052e6cf8b010000 0100000000000000 01 61
    6052e6cf8b010000 0300000000000000 01 62
";

/// Version 1, quotas: how many counters, and of each its period and offset, the span, the time of its last change, what was
/// used, what is held, and what is remembered as settled.
const QUOTAS: &str = "
    13 02000000
    02 20fe 0028d8cc8b010000 0084fed18b010000 0168e5cf8b010000 0900000000000000 00000000 00000000
    02 0000 00b420cb8b010000 001047d08b010000 0168e5cf8b010000 0900000000000000
    01000000 6052e6cf8b010000 0500000000000000 02 7231 01000000 c18feecf8b010000 0000000000000000 02 7232
";

fn map() -> (MapStore, ManualClock) {
    let clock = ManualClock::new(NOW_MS);
    (MapStore::new(clock.clone()), clock)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// The bytes that a text of hexadecimal digits and spaces stands for.
fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter(|digit| !digit.is_whitespace()).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn use_rates(backend: &CasBackend<MapStore>, clock: &ManualClock) {
    let hit = |limit: &Limit, cost| {
        let decision = at_once(backend.hit(&[Charge::new(&key("u1"), limit).with_cost(cost)]));
        assert!(decision.unwrap().is_allowed());
    };
    let [fixed, sliding, log, bucket] = limits();
    for (limit, cost) in [(&bucket, 3), (&log, 1), (&sliding, 4), (&fixed, 2)] {
        hit(limit, cost);
    }
    clock.advance(Duration::from_secs(50));
    hit(&log, 2);
    hit(&sliding, 1);
    // Another window of the same algorithm.
    hit(&limit!("fixed 9/hour"), 9);
}

fn use_slots(backend: &CasBackend<MapStore>, clock: &ManualClock) {
    for (id, permits) in [("b", 3), ("a", 1), ("lease-0123456789", 2)] {
        let request = wanting(&[&key("u1")], 9).with_permits(permits).unwrap();
        let request = request.with_id(limiter_core::LeaseId::parse(id).unwrap());
        assert!(at_once(backend.acquire(&request)).unwrap().is_acquired());
        if id == "a" {
            clock.set_ms(clock.now_ms() - 1_000);
        }
    }
}

fn use_quotas(backend: &CasBackend<MapStore>, clock: &ManualClock) {
    let key = key("u1");
    assert!(at_once(backend.record(&key, &quota(), 7)).unwrap().is_allowed());
    assert!(at_once(backend.reserve(&reserving("r1", &[&key], 5))).unwrap().is_granted());
    clock.advance(Duration::from_millis(1));
    at_once(backend.settle(&reserving("r2", &[&key], 0).settlement(&[2]).unwrap())).unwrap();
    let west = quota().with_utc_offset_minutes(-480).unwrap();
    assert!(at_once(backend.record(&key, &west, 9)).unwrap().is_allowed());
}

#[test]
fn states_are_written_as_released() {
    for (used, wanted) in [
        (use_rates as fn(&CasBackend<MapStore>, &ManualClock), RATES),
        (use_slots, SLOTS),
        (use_quotas, QUOTAS),
    ] {
        let (map, clock) = map();
        used(&CasBackend::new(map.clone()), &clock);
        assert_eq!(hex(&map.only_value()), hex(&bytes(wanted)));
    }
}

#[test]
fn released_rate_counters_are_read() {
    let (map, clock) = map();
    let backend = CasBackend::new(map.clone());
    let key = key("u1");
    assert!(at_once(backend.hit(&[Charge::new(&key, &limits()[0])])).unwrap().is_allowed());
    map.overwrite(&bytes(RATES));
    clock.advance(Duration::from_secs(50));
    let limits = limits();
    let charges = limits.each_ref().map(|limit| Charge::new(&key, limit));
    let left = at_once(backend.peek(&charges)).unwrap();
    let left: Vec<_> = left.outcomes().iter().map(Outcome::remaining).collect();
    // After 50 s the fixed window has turned; five sixths of the sliding one's 4 weigh on, and 1 came; the log holds 3;
    // 4 tokens were left, and 4 flowed in, of which one found no room.
    assert_eq!(left, [5, 0, 2, 7]);
}

#[test]
fn released_leases_and_quotas_are_read() {
    let (map, _) = map();
    let (backend, key) = (CasBackend::new(map.clone()), key("u1"));
    assert!(at_once(backend.acquire(&wanting(&[&key], 9))).unwrap().is_acquired());
    map.overwrite(&bytes(SLOTS));
    let leases = at_once(backend.leases(&key)).unwrap();
    let told: Vec<_> =
        leases.iter().map(|lease| (lease.id.as_str(), lease.permits, lease.expires_ms - NOW_MS)).collect();
    assert_eq!(told, [("lease-0123456789", 2, 59_000), ("a", 1, 60_000), ("b", 3, 60_000)]);

    let backend = CasBackend::new(map.clone());
    assert!(
        at_once(backend.release(&leases.iter().map(lease_of).collect::<Vec<_>>()))
            .unwrap()
            .iter()
            .all(|x| *x)
    );
    assert!(at_once(backend.record(&key, &quota(), 1)).unwrap().is_allowed());
    map.overwrite(&bytes(QUOTAS));
    let told = at_once(backend.check(&key, &quota())).unwrap();
    assert_eq!((told.used, told.reserved), (9, 5));
    let west = quota().with_utc_offset_minutes(-480).unwrap();
    assert_eq!(at_once(backend.check(&key, &west)).unwrap().used, 9);
    let again = at_once(backend.settle(&reserving("r2", &[&key], 0).settlement(&[2]).unwrap())).unwrap();
    assert_eq!(again[0].used, 9, "a settled id is remembered");
}

fn lease_of(held: &limiter_core::HeldLease) -> limiter_core::Lease {
    limiter_core::Lease::new(held.id.clone(), [key("u1")], Duration::from_secs(60)).unwrap()
}
