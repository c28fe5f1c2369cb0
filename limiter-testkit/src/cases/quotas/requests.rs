//! What is asked for.

use std::time::Duration;

use limiter_core::{Key, Quota, QuotaCharge, Reservation};

use crate::broken::Kept;

/// Outlasts every case, and ends before the turn of a quota whose day turns hours away.
const LONG_TTL: Duration = Duration::from_secs(3_600);

/// A reservation of one counter for a long time.
pub(crate) fn reserving(key: &Key, quota: &Quota, amount: u64) -> Kept<Reservation> {
    reserving_all(&[(key, quota, amount)])
}

/// A reservation of several counters for a long time.
pub(crate) fn reserving_all(charges: &[(&Key, &Quota, u64)]) -> Kept<Reservation> {
    Ok(Reservation::new(charges_of(charges), LONG_TTL)?)
}

/// The same reservation, held for so long from when it is asked for.
pub(crate) fn again_for(reservation: &Reservation, ttl_ms: u64) -> Kept<Reservation> {
    let again = Reservation::new(reservation.charges(), Duration::from_millis(ttl_ms))?;
    Ok(again.with_id(reservation.id().clone()))
}

/// Charges of several counters.
pub(crate) fn charges_of(charges: &[(&Key, &Quota, u64)]) -> Vec<QuotaCharge> {
    charges.iter().map(|(key, quota, amount)| QuotaCharge::new((*key).clone(), **quota, *amount)).collect()
}
