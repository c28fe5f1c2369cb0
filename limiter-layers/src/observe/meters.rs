//! The metrics of one backend.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use limiter_core::{Acquisition, Charge, Decision, ErrorKind, Lease, LeaseRequest, Scope};
use metrics::{Histogram, counter, gauge, histogram};
use tokio::time::Instant;

use super::answer::kind_name;
use super::held::HeldLeases;
use super::limits::{Limits, OfLimit};
use super::operation::Operation;
use super::what::Bound;

/// Metrics, and what has to be remembered to tell them.
#[derive(Debug)]
pub(super) struct Meters {
    backend: Arc<str>,
    limits: Limits,
    seconds: [OnceLock<Histogram>; Operation::COUNT],
    held: Mutex<HeldLeases>,
}

impl Meters {
    pub(super) fn new(backend: Arc<str>) -> Self {
        let limits = Limits::new(Arc::clone(&backend));
        Self { backend, limits, seconds: Default::default(), held: Mutex::default() }
    }

    /// A call has ended.
    pub(super) fn called(&self, operation: Operation, took: Duration) {
        let seconds = self.seconds[operation as usize].get_or_init(|| {
            histogram!(
                "limiter_call_seconds",
                "part" => operation.part(),
                "operation" => operation.name(),
                "backend" => Arc::clone(&self.backend),
            )
        });
        seconds.record(took);
    }

    /// A call has failed.
    pub(super) fn failed(&self, operation: Operation, kind: ErrorKind) {
        let failures = counter!(
            "limiter_errors_total",
            "part" => operation.part(),
            "operation" => operation.name(),
            "kind" => kind_name(kind),
            "backend" => Arc::clone(&self.backend),
        );
        failures.increment(1);
    }

    /// Whether the store answers has changed.
    pub(super) fn store_is(&self, up: bool) {
        gauge!("limiter_store_up", "backend" => Arc::clone(&self.backend)).set(f64::from(u8::from(up)));
    }

    /// The metrics of a limit.
    pub(super) fn limit(&self, space: &str, bound: Bound) -> &OfLimit {
        self.limits.of(space, bound)
    }

    /// A hit was decided.
    pub(super) fn decided(&self, charges: &[Charge<'_>], decision: &Decision) {
        let tell = |charge: &Charge<'_>, allowed| {
            let limit = self.limit(charge.key().space(), Bound::Rate(*charge.limit()));
            limit.decided(allowed, decision.source());
        };
        match decision {
            Decision::Allowed(_) => charges.iter().for_each(|charge| tell(charge, true)),
            Decision::Denied(denied) => {
                let denied = denied.outcomes().iter().filter(|outcome| !outcome.is_allowed());
                denied
                    .filter_map(|outcome| charges.get(outcome.charge()))
                    .for_each(|charge| tell(charge, false));
            }
        }
    }

    /// An acquire was decided.
    pub(super) fn acquired(&self, request: &LeaseRequest, acquisition: &Acquisition) {
        let source = acquisition.source();
        let tell = |scope: &Scope, allowed| {
            self.limit(scope.key().space(), Bound::Cap(scope.cap())).decided(allowed, source);
        };
        match acquisition {
            Acquisition::Acquired(acquired) => {
                request.scopes().iter().for_each(|scope| tell(scope, true));
                let is_new = self.held().granted(&acquired.lease, Instant::now());
                self.hold_if(is_new, &acquired.lease);
                self.lease_events("granted", &acquired.lease);
            }
            Acquisition::Full(full) => {
                if let Some(scope) = full.scope_of(request.scopes()) {
                    tell(scope, false);
                    self.lease_event("refused", scope.key().space());
                }
            }
        }
        self.expire();
    }

    /// Renewals were answered.
    pub(super) fn renewed(&self, leases: &[Lease], live: &[bool]) {
        for (lease, live) in leases.iter().zip(live) {
            if *live {
                let again = self.held().renewed(lease.id(), Instant::now());
                self.hold_if(again, lease);
                self.lease_events("renewed", lease);
            } else {
                self.left(lease);
                self.lease_events("lost", lease);
            }
        }
        self.expire();
    }

    /// Releases were answered.
    pub(super) fn released(&self, leases: &[Lease], live: &[bool]) {
        for (lease, live) in leases.iter().zip(live) {
            self.left(lease);
            if *live {
                self.lease_events("released", lease);
            }
        }
        self.expire();
    }

    fn hold_if(&self, counts: bool, lease: &Lease) {
        if counts {
            self.hold(lease, 1.0);
        }
    }

    /// Leases that have run out unreleased leave the gauge.
    fn expire(&self) {
        let now = Instant::now();
        let next = || self.held().expired(now);
        while let Some(lease) = next() {
            self.hold(&lease, -1.0);
            self.lease_events("expired", &lease);
        }
    }

    /// A lease leaves the gauge, if it is still there.
    fn left(&self, lease: &Lease) {
        let held = self.held().gone(lease.id());
        if let Some(held) = held {
            self.hold(&held, -1.0);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "permits are at most 2^53 - 1")]
    fn hold(&self, lease: &Lease, sign: f64) {
        for space in spaces(lease) {
            let gauge = gauge!(
                "limiter_slots_held",
                "space" => space.to_owned(),
                "backend" => Arc::clone(&self.backend),
            );
            gauge.increment(sign * lease.permits() as f64);
        }
    }

    fn lease_events(&self, event: &'static str, lease: &Lease) {
        spaces(lease).for_each(|space| self.lease_event(event, space));
    }

    fn lease_event(&self, event: &'static str, space: &str) {
        let events = counter!(
            "limiter_lease_events_total",
            "event" => event,
            "space" => space.to_owned(),
            "backend" => Arc::clone(&self.backend),
        );
        events.increment(1);
    }

    fn held(&self) -> MutexGuard<'_, HeldLeases> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The spaces of a lease, each once.
fn spaces(lease: &Lease) -> impl Iterator<Item = &str> {
    let space = |place: usize| lease.keys()[place].space();
    (0..lease.keys().len())
        .map(space)
        .enumerate()
        .filter(move |(place, found)| (0..*place).all(|earlier| space(earlier) != *found))
        .map(|(_, space)| space)
}
