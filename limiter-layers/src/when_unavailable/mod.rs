//! What to do when the store is down.

mod choice;
mod ending;
mod errand;
mod failure;
mod lent;
mod parts;
mod queue;
mod quotas;
mod rates;
mod release;
mod remembered;
mod sender;
mod settle;
mod shared;
mod slots;
mod tally;
mod uncertain;
mod uncounted;
mod waiting;

use std::sync::Arc;

use limiter_core::{Backend, Capabilities};
use tracing::warn;

use self::choice::Instead;
use self::ending::Outstanding;
use self::queue::Queue;
use self::quotas::Quotas;
use self::rates::Rates;
use self::slots::Slots;
use crate::layer::{Around, Layer};

pub use self::choice::WhenUnavailable;

/// Answers in place of a store that is down, as chosen for rates, slots and quotas each; and keeps what must reach the
/// store until it is back.
///
/// # Behavior
/// A call that fails with [`Unavailable`](limiter_core::ErrorKind::Unavailable) or
/// [`Timeout`](limiter_core::ErrorKind::Timeout) is refused (the error goes to the caller), let through, or answered by
/// a fallback: see [`WhenUnavailable`]. Every other answer and error passes as it is. What was let through says
/// [`Source::Uncounted`](limiter_core::Source::Uncounted), what the fallback answered
/// [`Source::Fallback`](limiter_core::Source::Fallback). What wouldn't fit even into empty counters, such as a cost above the
/// limit's capacity, is denied also where calls are let through.
///
/// *Rates.* A receipt is refunded where it was charged. A hit whose answer from the store was lost may count in both,
/// which may refuse too much and never admits too much. A refund or reset that the store can't be told errs.
///
/// *Slots.* A lease which the store didn't grant is granted under an id of its own, `fallback-` or `uncounted-` before
/// that of the request, by which its renewals and its release find their way: hold the lease of the answer, not
/// that of the request. Where the store may have granted it after all, it is told to release it. Releasing
/// [`LeaseRequest::lease`](limiter_core::LeaseRequest::lease) releases in both. A lease of the store stays the
/// store's: while that is down its renewals err, or, where calls are let through, answer that it is live. What is in use
/// is told by the fallback, and errs otherwise. A fallback that fails keeps no release from the store: what it may hold
/// is left to its TTL there, and the call errs where it granted one of the leases.
///
/// *Quotas.* A reservation is settled where it was granted; where the store may hold it too, it is cancelled there. A record
/// which certainly wasn't counted is counted by the fallback, or, where calls are let through, by the store when it is back.
/// One that may have been counted errs: it has no id by which it could be repeated.
///
/// # The queue
/// Whatever was chosen: settles and releases that can't be sent wait in a bounded queue, and are repeated by their ids when
/// the store is back; while it isn't, one call at a time looks for it, about every two seconds in the end. A release that
/// waits is answered `true`, a settle with an outcome of `Source::Uncounted`. The call errs when the queue is full. A
/// release waits until the TTL has freed the lease. A settle waits for as long as the outage lasts; but one that
/// may have been executed is given up after nine minutes, with a warning that tells its units, because after ten the
/// store would count it again. That holds too for one whose caller repeats what ended without a certain answer, or was
/// dropped, and for all that waits already in one settle with it; repeated after those nine minutes, it errs while the
/// store is down. One that was answered is taken for new when it is repeated. What the store refuses for good
/// ([`InvalidRequest`](limiter_core::ErrorKind::InvalidRequest), [`Conflict`](limiter_core::ErrorKind::Conflict),
/// [`Unsupported`](limiter_core::ErrorKind::Unsupported)) is given up with a warning; after any other error, such as
/// one about the store's password, it is tried again.
///
/// An id may be settled counter by counter: what waits already isn't queued again, the rest of the settle is.
///
/// While a release waits, an acquire under the same id is treated as if the store were down; while a settle does, a
/// reserve under the same id is a [`Conflict`](limiter_core::ErrorKind::Conflict), as it would be after it.
///
/// The queue runs on the tokio runtime within which [`wrap`](Layer::wrap) was called; outside one, nothing can wait, and the
/// calls err. [`Control::shutdown`](limiter_core::Control::shutdown) tries for 5 s to send what is left, errs with the number
/// that couldn't be, and shuts down the fallback too. Dropping the backend drops what waits.
///
/// # Errors
/// Those of the store, where the choice is to refuse. Those of the fallback, with the store's in their context. The store's
/// when a settle or release finds no place in the queue or comes too late for it, or a fallback's reservation none in the memory of ids, which is as
/// large. [`InvalidRequest`](limiter_core::ErrorKind::InvalidRequest) for an acquire under an id that begins like
/// those above, unless the choice is to refuse. An id that is too long for such a prefix (above 54 characters; the SDK's
/// have 32) is refused.
///
/// # Cancellation
/// As without this layer: a call that is dropped while the store is asked may have been executed there, and nothing is
/// queued for it. What is queued is sent, whoever has gone. A cancelled acquire or reserve is to be released or
/// cancelled before it is asked for again, and one that was granted isn't to be asked for again: the store could have granted
/// the first and the fallback the second.
///
/// # Metrics
/// `limiter_unavailable_total` (`part`; `choice`: `refuse`, `allow`, `fallback`, and `queue` for what waits) counts
/// calls, `limiter_unavailable_waiting` (`part`) is how many wait, `limiter_unavailable_lost_total` (`part`) how many
/// settles were given up. The log warns at most once a second and part.
///
/// # Order
/// Around the circuit breaker, so that its errors are dealt with too; within whatever remembers or prefetches what the
/// store said.
///
/// ```
/// use std::sync::Arc;
/// use limiter_core::Backend;
/// use limiter_layers::{Layer, WhenUnavailable, WhenUnavailableLayer};
/// use limiter_memory::{Config, MemoryBackend};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> limiter_core::Result<()> {
/// # let store = Backend::new("store", Arc::new(MemoryBackend::new(Config::default())?));
/// let memory = Backend::new("memory", Arc::new(MemoryBackend::new(Config::default())?));
/// let layer = WhenUnavailableLayer::default()
///     .with_rates(WhenUnavailable::Allow)
///     .with_quotas(WhenUnavailable::Fallback)
///     .with_fallback(memory);
/// let backend = layer.wrap(store);
/// assert!(backend.control.describe().ends_with("rates allow, slots refuse, quotas fallback (memory)"));
/// backend.control.shutdown().await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct WhenUnavailableLayer {
    rates: WhenUnavailable,
    slots: WhenUnavailable,
    quotas: WhenUnavailable,
    fallback: Option<Backend>,
    queue: usize,
}

/// Refuses everything, and has [`WhenUnavailableLayer::DEFAULT_QUEUE`] places for settles and releases.
impl Default for WhenUnavailableLayer {
    fn default() -> Self {
        let refuse = WhenUnavailable::Refuse;
        Self { rates: refuse, slots: refuse, quotas: refuse, fallback: None, queue: Self::DEFAULT_QUEUE }
    }
}

impl WhenUnavailableLayer {
    /// How many settles and how many releases may wait unless it is set: 65 536 of each, some 25 MB of each at most when
    /// they have a few keys.
    pub const DEFAULT_QUEUE: usize = 65_536;

    /// The choice for rates.
    #[must_use]
    pub const fn with_rates(mut self, choice: WhenUnavailable) -> Self {
        self.rates = choice;
        self
    }

    /// The choice for slots.
    #[must_use]
    pub const fn with_slots(mut self, choice: WhenUnavailable) -> Self {
        self.slots = choice;
        self
    }

    /// The choice for quotas.
    #[must_use]
    pub const fn with_quotas(mut self, choice: WhenUnavailable) -> Self {
        self.quotas = choice;
        self
    }

    /// What [`WhenUnavailable::Fallback`] falls back to. Without it, that refuses.
    #[must_use]
    pub fn with_fallback(mut self, fallback: Backend) -> Self {
        self.fallback = Some(fallback);
        self
    }

    /// How many settles and how many releases may wait for the store, how many reservations may be in the fallback, and of
    /// how many settles without a certain answer it is remembered that they were sent.
    #[must_use]
    pub const fn with_queue(mut self, most: usize) -> Self {
        self.queue = most;
        self
    }

    fn words(&self) -> String {
        let told = |choice: WhenUnavailable| match (choice, &self.fallback) {
            (WhenUnavailable::Fallback, Some(fallback)) => format!("fallback ({})", fallback.name),
            (WhenUnavailable::Fallback, None) => "refuse (no fallback is given)".to_owned(),
            (choice, _) => choice.as_str().to_owned(),
        };
        let (rates, slots, quotas) = (told(self.rates), told(self.slots), told(self.quotas));
        format!("when unavailable: rates {rates}, slots {slots}, quotas {quotas}")
    }

    fn lacks_fallback(&self) -> bool {
        self.fallback.is_none() && [self.rates, self.slots, self.quotas].contains(&WhenUnavailable::Fallback)
    }

    /// What both can do, where the fallback may answer.
    fn capabilities(&self, mut store: Capabilities) -> Capabilities {
        if let Some(fallback) = self.fallback.as_ref().map(|fallback| fallback.control.capabilities()) {
            let falls_back = |choice| choice == WhenUnavailable::Fallback;
            let any = [self.rates, self.slots, self.quotas].into_iter().any(falls_back);
            store.atomic_keys &= fallback.atomic_keys || !any;
            store.immediate &= fallback.immediate || !falls_back(self.rates);
        }
        store
    }
}

impl Layer for WhenUnavailableLayer {
    fn wrap(&self, backend: Backend) -> Backend {
        if self.lacks_fallback() {
            warn!("no fallback is given for when the store is unavailable: calls are refused then");
        }
        let releases = Arc::new(Queue::new(Arc::clone(&backend.slots), self.queue));
        let settlements = Arc::new(Queue::new(Arc::clone(&backend.quotas), self.queue));
        let fallback = self.fallback.as_ref();
        let rates = Instead::of(self.rates, fallback.map(|fallback| Arc::clone(&fallback.rates)));
        let slots = Instead::of(self.slots, fallback.map(|fallback| Arc::clone(&fallback.slots)));
        let quotas = Instead::of(self.quotas, fallback.map(|fallback| Arc::clone(&fallback.quotas)));
        let outstanding = Outstanding::new(
            Arc::clone(&releases),
            Arc::clone(&settlements),
            fallback.map(|fallback| Arc::clone(&fallback.control)),
        );
        let capabilities = self.capabilities(backend.control.capabilities());
        let control = Around::new(backend.control, self.words())
            .with_capabilities(capabilities)
            .with_ending(Arc::new(outstanding));
        Backend::from_parts(
            backend.name,
            Arc::new(Rates::new(backend.rates, rates)),
            Arc::new(Slots::new(backend.slots, slots, releases)),
            Arc::new(Quotas::new(backend.quotas, quotas, settlements, self.queue)),
            Arc::new(control),
        )
    }
}
