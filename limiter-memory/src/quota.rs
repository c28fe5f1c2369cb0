//! Quotas in memory.

use limiter_core::algorithm::{QuotaCounter, reserve, settle};
use limiter_core::{
    CLOCK_TOLERANCE_MS, Key, Period, Quota, QuotaCharge, QuotaOutcome, Reservation, ReservationId, Reserved,
    Result, Settlement, check_amount,
};

use crate::due_map::DueMap;
use crate::error;

/// How many counters that may be as if never used are looked at by one call. Each call adds at most as many.
const LOOKED_AT: usize = 128;

/// Which counter: a key's, for a period and an offset.
type Place = (Key, Period, i16);

/// All quota counters. One that is as if never used isn't in it for long.
#[derive(Debug)]
pub(crate) struct Quotas {
    counters: DueMap<Place, QuotaCounter>,
    /// Counters, reservations and remembered settlements.
    entries: usize,
    most_entries: usize,
}

impl Quotas {
    pub(crate) fn new(most_entries: usize) -> Self {
        Self { counters: DueMap::default(), entries: 0, most_entries }
    }

    pub(crate) fn check(&self, key: &Key, quota: &Quota, clock_ms: u64) -> QuotaOutcome {
        match self.counters.get(&place_of(key, quota)) {
            Some(counter) => counter.check(quota, clock_ms),
            None => QuotaCounter::default().check(quota, clock_ms),
        }
    }

    pub(crate) fn record(
        &mut self,
        key: &Key,
        quota: &Quota,
        amount: u64,
        clock_ms: u64,
    ) -> Result<QuotaOutcome> {
        check_amount("amount", amount)?;
        if amount == 0 {
            return Ok(QuotaOutcome { retry_after: None, ..self.check(key, quota, clock_ms) });
        }
        let place = place_of(key, quota);
        let new = usize::from(self.counters.get(&place).is_none());
        self.make_room(new, "record", clock_ms)?;
        Ok(self.change(&[place], |counters| counters[0].record(quota, amount, clock_ms)))
    }

    pub(crate) fn reserve(&mut self, reservation: &Reservation, clock_ms: u64) -> Result<Reserved> {
        let places: Vec<_> = reservation.charges().iter().map(place_of_charge).collect();
        self.make_room(self.new_entries(&places, reservation.id()), "reserve", clock_ms)?;
        self.change(&places, |counters| reserve(counters, reservation, clock_ms))
    }

    pub(crate) fn settle(&mut self, settlement: &Settlement, clock_ms: u64) -> Result<Vec<QuotaOutcome>> {
        let places: Vec<_> = settlement.charges().iter().map(place_of_charge).collect();
        self.make_room(self.new_entries(&places, settlement.id()), "settle", clock_ms)?;
        Ok(self.change(&places, |counters| settle(counters, settlement, clock_ms)))
    }

    pub(crate) fn reset(&mut self, key: &Key, quota: &Quota) {
        self.take(&place_of(key, quota));
    }

    /// How many counters stand in it.
    pub(crate) fn len(&self) -> usize {
        self.counters.len()
    }

    /// How many entries a call under an id may add: what is held and then settled stays one entry.
    fn new_entries(&self, places: &[Place], id: &ReservationId) -> usize {
        let new = |place: &Place| match self.counters.get(place) {
            Some(counter) => usize::from(!counter.contains(id)),
            None => 2,
        };
        places.iter().map(new).sum()
    }

    /// Runs something on some counters, and keeps those that aren't as if never used.
    fn change<T>(&mut self, places: &[Place], run: impl FnOnce(&mut [QuotaCounter]) -> T) -> T {
        let mut counters: Vec<_> = places.iter().map(|place| self.take(place)).collect();
        let answer = run(&mut counters);
        for (place, counter) in places.iter().zip(counters) {
            self.put(place.clone(), counter);
        }
        answer
    }

    fn take(&mut self, place: &Place) -> QuotaCounter {
        let Some(counter) = self.counters.take(place) else {
            return QuotaCounter::default();
        };
        self.entries -= 1 + counter.len();
        counter
    }

    fn put(&mut self, place: Place, counter: QuotaCounter) {
        if counter != QuotaCounter::default() {
            self.entries += 1 + counter.len();
            let due_ms = counter.idle_at_ms();
            self.counters.put(place, counter, due_ms);
        }
    }

    /// Drops counters that were as if never used before a time.
    pub(crate) fn drop_ended(&mut self, now_ms: u64) {
        for _ in 0..LOOKED_AT {
            let Some((_, counter)) = self.counters.take_due(now_ms) else { return };
            self.entries -= 1 + counter.len();
        }
    }

    fn make_room(&mut self, wanted: usize, operation: &'static str, clock_ms: u64) -> Result<()> {
        if self.entries + wanted > self.most_entries {
            self.drop_ended(clock_ms.saturating_sub(CLOCK_TOLERANCE_MS));
        }
        if self.entries + wanted > self.most_entries {
            return Err(error::quotas_full().with_operation(operation));
        }
        Ok(())
    }
}

fn place_of(key: &Key, quota: &Quota) -> Place {
    (key.clone(), quota.period(), quota.utc_offset_minutes())
}

fn place_of_charge(charge: &QuotaCharge) -> Place {
    place_of(charge.key(), charge.quota())
}
