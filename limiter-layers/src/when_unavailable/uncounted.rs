//! Answers of nobody's counters. What wouldn't fit even into empty ones is denied still.

use std::time::Duration;

use limiter_core::{
    Acquired, Acquisition, Charge, Clock, Decision, Full, LeaseRequest, Outcome, Quota, QuotaOutcome,
    Reservation, Reserved, Retry, Source, SystemClock,
};

pub(super) fn decision(charges: &[Charge<'_>]) -> Decision {
    let never = |charge: &Charge<'_>| {
        let limit = charge.limit();
        !limit.is_unlimited() && (charge.cost() > limit.capacity() || limit.max() == 0)
    };
    let denied = charges.iter().enumerate().filter(|(_, charge)| never(charge));
    Decision::new(Source::Uncounted, denied.map(|(place, _)| Outcome::refused(place, 0, 0, None)))
}

/// The answer to a request which, when granted, is granted under the id that it has here.
pub(super) fn acquisition(request: &LeaseRequest) -> Acquisition {
    let (source, in_use) = (Source::Uncounted, Vec::new());
    match request.scopes().iter().position(|scope| request.permits() > scope.cap()) {
        Some(denied_by) => Acquisition::Full(Full { denied_by, in_use, source }),
        None => Acquisition::Acquired(Acquired { lease: request.lease(), in_use, source }),
    }
}

pub(super) fn reserved(reservation: &Reservation) -> Reserved {
    let charges = reservation.charges();
    let outcome = |charge: &limiter_core::QuotaCharge| {
        let fits = charge.amount() <= charge.quota().max();
        QuotaOutcome { retry_after: (!fits).then_some(Retry::Never), ..unused(charge.quota()) }
    };
    let outcomes: Vec<_> = charges.iter().map(outcome).collect();
    if outcomes.iter().all(QuotaOutcome::is_allowed) {
        Reserved::Granted(outcomes)
    } else {
        Reserved::Refused(outcomes)
    }
}

pub(super) fn check(quota: &Quota) -> QuotaOutcome {
    QuotaOutcome { retry_after: (quota.max() == 0).then_some(Retry::Never), ..unused(quota) }
}

/// The outcome of what is always allowed: a record, a settle.
pub(super) fn unused(quota: &Quota) -> QuotaOutcome {
    let now_ms = SystemClock::new().now_ms();
    let span = quota.period().span(now_ms, quota.utc_offset_minutes());
    QuotaOutcome {
        used: 0,
        reserved: 0,
        remaining: quota.max(),
        reset_after: Duration::from_millis(span.left_ms(now_ms)),
        retry_after: None,
        source: Source::Uncounted,
    }
}
