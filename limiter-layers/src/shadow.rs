//! Limits that are watched before they are enforced.
#![deny(clippy::missing_trait_methods)]

use std::fmt::Display;
use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{
    Acquired, Acquisition, Backend, Charge, Decision, Denied, Full, HeldLease, Key, Lease, LeaseId,
    LeaseRequest, Limit, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, Reserved,
    Result, Retry, Settlement, SlotLimiter, Source,
};
use metrics::counter;
use tracing::{field, info};

use crate::layer::{Around, Layer};

/// Lets through what would be refused, and reports it: for limits that are new, and are to be watched before they
/// refuse anybody. Which parts are shadowed is chosen by name; by default none is.
///
/// See [`Shadow`] for what is let through, and how it is reported.
///
/// ```
/// use limiter_core::{Backend, Key, Source, limit};
/// use limiter_layers::{Layer, ShadowLayer};
/// # use std::sync::Arc;
/// # use limiter_core::RateLimiterExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> limiter_core::Result<()> {
/// # let store = Backend::new("memory", Arc::new(limiter_memory::MemoryBackend::new(Default::default())?));
/// let backend: Backend = ShadowLayer::default().with_rates().wrap(store);
/// let (key, limit) = (Key::new("chat", "u1")?, limit!("1/min"));
/// assert_eq!(backend.rates.hit_one(&key, &limit).await?.source(), Source::Store);
///
/// let refused = backend.rates.hit_one(&key, &limit).await?;
/// assert!(refused.is_allowed());
/// assert_eq!(refused.source(), Source::Shadow);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ShadowLayer {
    rates: bool,
    slots: bool,
    quotas: bool,
}

impl ShadowLayer {
    /// The same, with rates shadowed.
    #[must_use]
    pub const fn with_rates(mut self) -> Self {
        self.rates = true;
        self
    }

    /// The same, with slots shadowed.
    #[must_use]
    pub const fn with_slots(mut self) -> Self {
        self.slots = true;
        self
    }

    /// The same, with quotas shadowed.
    #[must_use]
    pub const fn with_quotas(mut self) -> Self {
        self.quotas = true;
        self
    }

    fn words(self) -> String {
        let parts = [(self.rates, "rates"), (self.slots, "slots"), (self.quotas, "quotas")];
        let shadowed: Vec<_> = parts.into_iter().filter(|(on, _)| *on).map(|(_, part)| part).collect();
        match &*shadowed {
            [] => "nothing in shadow mode".to_owned(),
            parts => format!("{} in shadow mode: never refused", parts.join(" and ")),
        }
    }
}

impl Layer for ShadowLayer {
    fn wrap(&self, mut backend: Backend) -> Backend {
        if self.rates {
            backend.rates = Arc::new(Shadow::new(backend.rates));
        }
        if self.slots {
            backend.slots = Arc::new(Shadow::new(backend.slots));
        }
        if self.quotas {
            backend.quotas = Arc::new(Shadow::new(backend.quotas));
        }
        backend.control = Arc::new(Around::new(backend.control, self.words()));
        backend
    }
}

/// A limiter that decides and counts as it is configured, and refuses nothing. Made by
/// [`ShadowLayer`](crate::ShadowLayer).
///
/// # Behavior
/// Every call goes to the inner limiter and has there the effect that it has otherwise: what fits is counted, what
/// doesn't isn't. A refusal is turned into a grant by [`Source::Shadow`](limiter_core::Source::Shadow):
/// - A denied hit or peek is allowed, without outcomes.
/// - A refused acquire gets a lease that stands nowhere: its id begins with `shadow-`. Renewing or releasing it isn't
///   sent, and answers that it is live. What is in use is told as the refusal did.
/// - A refused check or reserve is allowed; its numbers are those of the refusal. What a refused reserve is settled
///   with counts as always: a settle needs nothing that is set aside.
///
/// # What it reports
/// Each refusal is an event of [`tracing`] at level info, `would have refused`, with the space, the limit and the
/// wait, and counts in `limiter_shadow_refusals_total` of [`metrics`], by `part` (`rates`, `slots`, `quotas`), `space`
/// and `limit`. Neither tells a subject.
///
/// # Errors
/// Those of the inner limiter, as they are: an error isn't a refusal, and what a service does without its store is
/// chosen by `WhenUnavailableLayer`, in shadow mode too.
///
/// # Cancellation
/// As the inner limiter's.
#[derive(Debug)]
pub struct Shadow<L> {
    inner: L,
}

impl<L> Shadow<L> {
    /// A limiter of which whatever is implemented is shadowed.
    pub const fn new(inner: L) -> Self {
        Self { inner }
    }
}

/// What the id of a lease that stands nowhere begins with.
const NOWHERE: &str = "shadow-";
/// The most characters of an id.
const ID_CHARS: usize = 64;

#[async_trait]
impl<L: RateLimiter> RateLimiter for Shadow<L> {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.inner.hit(charges).await.map(|decision| allow(decision, charges))
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.inner.peek(charges).await.map(|decision| allow(decision, charges))
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        // What was let through was never charged.
        if receipt.source() == Source::Shadow && receipt.is_empty() {
            return Ok(());
        }
        self.inner.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.inner.reset(key, limit).await
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        Some(self.inner.hit_now(charges)?.map(|decision| allow(decision, charges)))
    }
}

#[async_trait]
impl<L: SlotLimiter> SlotLimiter for Shadow<L> {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        match self.inner.acquire(request).await? {
            Acquisition::Full(full) => {
                report_full(&full, request);
                let lease = nowhere(request)?;
                Ok(Acquisition::Acquired(Acquired { lease, in_use: full.in_use, source: Source::Shadow }))
            }
            acquired @ Acquisition::Acquired(_) => Ok(acquired),
        }
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let standing = standing(leases);
        let live = if standing.is_empty() { Vec::new() } else { self.inner.renew(&standing).await? };
        Ok(for_each(leases, live))
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let standing = standing(leases);
        let live = if standing.is_empty() { Vec::new() } else { self.inner.release(&standing).await? };
        Ok(for_each(leases, live))
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.inner.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.inner.leases(key).await
    }
}

#[async_trait]
impl<L: QuotaTracker> QuotaTracker for Shadow<L> {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let outcome = self.inner.check(key, quota).await?;
        if outcome.is_allowed() {
            return Ok(outcome);
        }
        report_refused(key, quota, &outcome);
        Ok(let_through(outcome))
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.inner.record(key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        let reserved = self.inner.reserve(reservation).await?;
        if reserved.is_granted() {
            return Ok(reserved);
        }
        let refused = reserved
            .refused()
            .and_then(|(place, outcome)| Some((reservation.charges().get(place)?, outcome)));
        if let Some((charge, outcome)) = refused {
            report_refused(charge.key(), charge.quota(), outcome);
        }
        Ok(Reserved::Granted(reserved.outcomes().iter().copied().map(let_through).collect()))
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.inner.settle(settlement).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.inner.reset(key, quota).await
    }
}

fn allow(decision: Decision, charges: &[Charge<'_>]) -> Decision {
    match decision {
        Decision::Denied(denied) => {
            report_denied(&denied, charges);
            Decision::new(Source::Shadow, [])
        }
        allowed @ Decision::Allowed(_) => allowed,
    }
}

fn report_denied(denied: &Denied, charges: &[Charge<'_>]) {
    if let Some(charge) = denied.charge_of(charges) {
        let (space, limit) = (charge.key().space(), charge.limit());
        Refusal { part: "rates", space, limit, retry_after: Some(denied.retry_after()) }.report();
    }
}

/// The lease that a refused request gets. A repeated request gets the same one.
fn nowhere(request: &LeaseRequest) -> Result<Lease> {
    let asked = request.id().as_str();
    let kept = &asked[..asked.len().min(ID_CHARS - NOWHERE.len())];
    let id = LeaseId::parse(&format!("{NOWHERE}{kept}"))?;
    Ok(request.clone().with_id(id).lease())
}

fn stands(lease: &Lease) -> bool {
    !lease.id().as_str().starts_with(NOWHERE)
}

/// The leases that the store knows.
fn standing(leases: &[Lease]) -> Vec<Lease> {
    leases.iter().filter(|lease| stands(lease)).cloned().collect()
}

/// The store's answers in the places of the leases that it was asked about; the others are live. Where the store
/// answers too little or too much, so does this: its caller sees to that.
fn for_each(leases: &[Lease], live: Vec<bool>) -> Vec<bool> {
    let mut live = live.into_iter();
    let mut answers: Vec<bool> =
        leases.iter().filter_map(|lease| if stands(lease) { live.next() } else { Some(true) }).collect();
    answers.extend(live);
    answers
}

fn report_full(full: &Full, request: &LeaseRequest) {
    if let Some(scope) = full.scope_of(request.scopes()) {
        let (space, limit) = (scope.key().space(), &format_args!("{} at a time", scope.cap()));
        Refusal { part: "slots", space, limit, retry_after: None }.report();
    }
}

fn let_through(outcome: QuotaOutcome) -> QuotaOutcome {
    QuotaOutcome { retry_after: None, source: Source::Shadow, ..outcome }
}

fn report_refused(key: &Key, quota: &Quota, outcome: &QuotaOutcome) {
    Refusal { part: "quotas", space: key.space(), limit: quota, retry_after: outcome.retry_after }.report();
}

/// A refusal that was let through.
struct Refusal<'a> {
    part: &'static str,
    space: &'a str,
    limit: &'a dyn Display,
    retry_after: Option<Retry>,
}

impl Refusal<'_> {
    fn report(&self) {
        let Self { part, space, limit, retry_after } = self;
        info!(part, space, %limit, retry_after = retry_after.map(field::display), "would have refused");
        let labels =
            [("part", (*part).to_owned()), ("space", (*space).to_owned()), ("limit", limit.to_string())];
        counter!("limiter_shadow_refusals_total", &labels).increment(1);
    }
}
