//! What a fault remembers of reservations beside the reference.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use limiter_core::{Key, Quota, QuotaCharge, Reservation, ReservationId};

/// What was reserved under an id.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) charges: Vec<QuotaCharge>,
    pub(crate) at_ms: u64,
    pub(crate) expires_ms: u64,
}

/// What was reserved, by id.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<HashMap<ReservationId, Noted>>);

impl Ledger {
    /// Notes a reservation that was granted.
    pub(crate) fn note(&self, reservation: &Reservation, at_ms: u64) {
        let expires_ms = at_ms + reservation.ttl_ms();
        let noted = Noted { charges: reservation.charges().to_vec(), at_ms, expires_ms };
        self.with(|ledger| ledger.insert(reservation.id().clone(), noted));
    }

    /// What was noted under an id.
    pub(crate) fn get(&self, id: &ReservationId) -> Option<Noted> {
        self.with(|ledger| ledger.get(id).cloned())
    }

    /// Notes nothing under an id any more.
    pub(crate) fn strike(&self, id: &ReservationId) {
        self.with(|ledger| ledger.remove(id));
    }

    /// Notes only those that pass.
    pub(crate) fn keep(&self, passes: impl Fn(&Noted) -> bool) {
        self.with(|ledger| ledger.retain(|_, noted| passes(noted)));
    }

    /// The units noted for a counter, of those that pass.
    pub(crate) fn units(&self, key: &Key, quota: &Quota, passes: impl Fn(&Noted) -> bool) -> u64 {
        self.with(|ledger| {
            let passing = ledger.values().filter(|noted| passes(noted));
            let charges =
                passing.flat_map(|noted| noted.charges.iter().filter(|charge| is_of(charge, key, quota)));
            charges.map(QuotaCharge::amount).sum()
        })
    }

    fn with<T>(&self, run: impl FnOnce(&mut HashMap<ReservationId, Noted>) -> T) -> T {
        run(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a charge is of that counter.
pub(crate) fn is_of(charge: &QuotaCharge, key: &Key, quota: &Quota) -> bool {
    charge.key() == key && charge.quota().same_counter(quota)
}
