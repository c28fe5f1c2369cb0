//! A limiter that is observed.

use std::sync::Arc;

use super::watch::Watch;

/// A limiter whose calls and answers are told in metrics and traces. Made by [`ObserveLayer`](crate::ObserveLayer).
///
/// It changes no call and no answer. Stands outermost, it tells what the service sees.
///
/// # Metrics
/// | metric | kind | labels | what |
/// | --- | --- | --- | --- |
/// | `limiter_decisions_total` | counter | `part`, `space`, `limit`, `backend`, `outcome`, `source` | what was decided by each limit: `allowed` for each charge of an allowed call, `denied` for those that denied. Hits, acquires, checks and reserves |
/// | `limiter_errors_total` | counter | `part`, `operation`, `kind`, `backend` | calls that failed, by kind of error |
/// | `limiter_call_seconds` | histogram | `part`, `operation`, `backend` | how long calls took, those that failed too |
/// | `limiter_slots_held` | gauge | `space`, `backend` | permits that this process holds; a lease that has run out leaves with the next answer to an acquire, renew or release |
/// | `limiter_lease_events_total` | counter | `event`, `space`, `backend` | leases `granted`, `refused`, `renewed`, `lost`, `released`, and those that `expired` without a release |
/// | `limiter_quota_units_total` | counter | `what`, `space`, `limit`, `backend` | units `recorded`, `reserved` and `settled`; a call that is repeated counts again |
/// | `limiter_store_up` | gauge | `backend` | 1 when the store answered last, 0 when it was unavailable or late. A decision, a quota's figures and a ping tell; a hit that nothing limits doesn't, nor, when it succeeds, what may only wait to be sent, a release say |
///
/// `backend` is the store's name. Where [`several`](crate::ObserveLayer::wrap_stores) have parts of a backend, it is that of
/// the part's own; a ping, which asks all, has all names and tells of none whether it is up.
///
/// `part` is `rates`, `slots`, `quotas` or `control`; `source` is where a decision comes from
/// ([`Source`](limiter_core::Source), in lower case); `limit` is the limit as text (`5/min`, `5 at a time`,
/// `50 GiB/day`). A lease over several keys of one space counts once for the space.
///
/// Beside them, and whether or not a limiter is observed, the [`LeaseKeeper`](crate::LeaseKeeper) counts
/// `limiter_leases_lost_total` (holders who were told that their lease is lost) and
/// `limiter_releases_given_up_total` (leases that were left to their TTL), and [`Shadow`](crate::Shadow)
/// `limiter_shadow_refusals_total`.
///
/// Spaces and limits come from code and are few. Where they don't, and there are more than a thousand pairs of them, all
/// others count under the space and limit `other`.
///
/// # Traces
/// A span a call at level debug, called by the operation (`limiter.hit`, `limiter.acquire`, …), with `backend`, `space`,
/// `limit` and `units` of the first charge or scope, how many there are (`lines`), then `outcome`, `source` and
/// `retry_after`. A failed call is an event at level debug in its span, with the error's `kind` and text, never with what
/// caused it. That the store went down or came up again is an event at level warn or info.
///
/// # Privacy
/// No subject or partition of a key in any metric, nor in a trace unless
/// [`with_subjects`](crate::ObserveLayer::with_subjects) asked for it.
///
/// # Cost
/// A hit that is answered at once allocates nothing more: metrics are looked up without allocating, and what they
/// cost beyond that is the recorder's. A span that nobody listens to costs next to nothing.
///
/// # Cancellation
/// As the inner limiter's. A call whose future is dropped isn't told in metrics; its span ends.
#[derive(Debug)]
pub struct Observe<L> {
    pub(super) inner: L,
    pub(super) watch: Arc<Watch>,
}

impl<L> Observe<L> {
    pub(super) const fn new(inner: L, watch: Arc<Watch>) -> Self {
        Self { inner, watch }
    }
}
