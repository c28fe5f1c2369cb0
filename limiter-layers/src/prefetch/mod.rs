//! Takes permits from the store in blocks and hands them out here.
#![deny(clippy::missing_trait_methods)]

mod block;
mod flight;
mod holding;
mod pace;
mod resets;
mod returning;
mod stock;
mod table;
mod under_way;
mod waiting;

use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{
    Backend, Charge, Clock, Decision, Error, ErrorKind, Key, Limit, RateLimiter, Receipt, Result, Source,
};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use self::flight::Flight;
use self::holding::Way;
use self::returning::Returning;
use self::stock::{Bounds, Stock};
use crate::layer::{Around, Layer};
use crate::moment::Watch;
use crate::passed_on::pass_on_slots_and_quotas;

/// Takes permits of busy counters from the store in blocks, and hands them out in this process.
///
/// # Behavior
/// A hit on a counter that is hit often is answered by [`RateLimiter::hit_now`] out of a block that the store has charged
/// before: no round trip, no allocation. Where nothing is at hand, all who wait for a counter are served by one request.
/// A block is as large as demand uses up in about 50 ms; it doubles at most from one to the next, and is smaller the
/// less is left. A block of a bucket loses what flows in meanwhile, so it is larger by that while the bucket is at least
/// half full. After about 200 ms what wasn't used goes back to the store; so does everything at
/// [`Control::shutdown`](limiter_core::Control::shutdown), and when the last handle has gone.
///
/// Only calls of one charge are served so, of a cost above 0, by a fixed or sliding window or a token bucket that doesn't
/// count denied hits, and whose part that may be held is more than one unit and no less than the cost. All others, and
/// peeks, slots and quotas, go to the store; of up to 10 000 counters is remembered how often they are hit.
///
/// What is held belongs to one limit: another `max` or burst gets none of it. Only what the counters themselves have
/// charged ([`Source::Store`]) is held. A [reset](RateLimiter::reset) through this layer drops what is held of the
/// counter and what is to be given back, waits for what has been sent back already, and lets nothing be held until it
/// has ended. One elsewhere doesn't, nor one whose future is dropped and that the store executes later: as much as is
/// held then may be admitted on top.
///
/// # Never beyond the limit
/// Over all instances together, no more is admitted than the limit allows, by the store's clock:
///
/// - *Windows*: permits die at the end of the window that they were charged in. Whoever is admitted by them was counted
///   in that window. Of a sliding one, the previous window weighs less at the time of the hit than at the charge, and
///   it has as many units: so what fitted then fits now.
/// - *Token bucket*: a block of b that was charged at t is worth b − (now − t) · max/W: over any interval that begins
///   now, the store admits at most that much more.
///
/// The time since the charge is counted from before the request was sent, and a thousandth faster, for two clocks may
/// differ by that much. A machine that slept finds out by its system's clock. A store's clock that is set forward ends
/// its windows, and not those of what is held. An answer that comes late still serves those who waited for it.
///
/// # Refused early
/// Nobody is refused without the store: a denial is its own, and exact for what it knows. But what others hold counts as
/// used there. That is at most [`with_most`](Self::with_most) units an instance and counter, and at most
/// [one part in 10](Self::with_share) of the capacity and of what was left when it was taken; once more as much while a
/// block is on its way back; and what was asked for callers that went away. What an instance itself holds it gives back before anybody is refused. An answer or
/// a refund that is lost isn't repeated, a process that dies gives nothing back, and a bucket takes back only what hasn't
/// flowed in since: that much stays counted until it expires by itself. So the backend declares
/// [`early_refusals`](limiter_core::Capabilities::early_refusals).
///
/// What an outcome tells of a permit that was held: `charged_at` is that of its block, `remaining` and `reset_after` are
/// what the store told then, and what is held and the time since reckoned in. A
/// [`Receipt`] of it gives back to the store, never to what is held here.
///
/// # Errors
/// A failed request fails all who wait at that moment. A call waits for the request before its own at most, and for those
/// by which it is asked for; each takes as long as the store may. A caller that goes away loses nothing for others.
///
/// # Order
/// Outside of whatever answers in the store's place, so that it sees who has answered, and outside of a
/// [`DenyCacheLayer`](crate::DenyCacheLayer), which must see what is given back. It is of no use over a backend that is in
/// this process anyway.
///
/// ```
/// use std::sync::Arc;
/// use limiter_core::{Backend, Key, RateLimiterExt, Source, limit};
/// use limiter_layers::{Layer, PrefetchLayer};
/// use limiter_memory::{Config, MemoryBackend};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> limiter_core::Result<()> {
/// let store = Backend::new("memory", Arc::new(MemoryBackend::new(Config::default())?));
/// let backend = PrefetchLayer::default().with_most(1000).wrap(store);
///
/// let (key, mut prefetched) = (Key::new("chat", "u1")?, 0);
/// for _ in 0..1000 {
///     let decision = backend.rates.hit_one(&key, &limit!("1000000/min")).await?;
///     prefetched += usize::from(decision.source() == Source::Prefetched);
/// }
/// assert!(prefetched > 900);
/// backend.control.shutdown().await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PrefetchLayer {
    bounds: Bounds,
    clock: Option<Arc<dyn Clock>>,
}

impl PrefetchLayer {
    /// At most so many units of a counter are held at a time: 100 000 unless it is said here.
    #[must_use]
    pub const fn with_most(mut self, units: u64) -> Self {
        self.bounds.most = units;
        self
    }

    /// At most one part in so many of a limit's capacity is held at a time, and of what is left of it: one in 10
    /// unless it is said here. With 1 it may be all; 0 is taken as 1.
    #[must_use]
    pub const fn with_share(mut self, one_in: u64) -> Self {
        self.bounds.share = if one_in == 0 { 1 } else { one_in };
        self
    }

    /// Measures how long permits have been held by this clock, which only passes as the store's does: for tests that
    /// hand the store its time. Without it the machine's own clocks are taken.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    fn watch(&self) -> Watch {
        self.clock.clone().map_or_else(Watch::own, Watch::HandedIn)
    }
}

impl Default for PrefetchLayer {
    fn default() -> Self {
        Self { bounds: Bounds { most: 100_000, share: 10 }, clock: None }
    }
}

impl Layer for PrefetchLayer {
    fn wrap(&self, backend: Backend) -> Backend {
        let rates = Prefetch::new(backend.rates, self);
        let control = match &rates.desk {
            Some(desk) => {
                let mut capabilities = backend.control.capabilities().with_early_refusals();
                capabilities.immediate = false;
                let around = Around::new(backend.control, self.bounds.to_string());
                around.with_capabilities(capabilities).with_ending(desk.ending())
            }
            None => Around::new(backend.control, "prefetches nothing, for it was made outside a runtime"),
        };
        Backend::from_parts(backend.name, Arc::new(rates), backend.slots, backend.quotas, Arc::new(control))
    }
}

/// A limiter of which permits are taken in blocks: see [`PrefetchLayer`].
#[derive(Clone, Debug)]
pub struct Prefetch<L> {
    inner: Arc<L>,
    /// Nothing is prefetched without a runtime to do it.
    desk: Option<Arc<Desk>>,
}

/// Where hits ask for permits. When the last handle has gone, what is held is given back.
#[derive(Debug)]
struct Desk {
    stock: Arc<Stock>,
    runtime: Handle,
    woken: Arc<Notify>,
    _handles: watch::Sender<()>,
}

impl<L: RateLimiter> Prefetch<L> {
    /// The same limiter, its permits taken in blocks. Within a tokio runtime that has its timers enabled and lives as
    /// long as the limiter is used; without one every call is passed on.
    pub fn new(inner: L, layer: &PrefetchLayer) -> Self {
        let inner = Arc::new(inner);
        let desk = Handle::try_current().ok().map(|runtime| {
            let stock = Stock::new(Arc::clone(&inner) as Arc<dyn RateLimiter>, layer.bounds, layer.watch());
            Arc::new(Desk::open(Arc::new(stock), runtime))
        });
        Self { inner, desk }
    }
}

impl Desk {
    fn open(stock: Arc<Stock>, runtime: Handle) -> Self {
        let (handles, none_left) = watch::channel(());
        let woken = Arc::new(Notify::new());
        let returning = Returning::new(Arc::clone(&stock), runtime.clone());
        runtime.spawn(returning.run(none_left, Arc::clone(&woken)));
        Self { stock, runtime, woken, _handles: handles }
    }

    fn ending(&self) -> Arc<Returning> {
        Arc::new(Returning::new(Arc::clone(&self.stock), self.runtime.clone()))
    }

    /// Permits that are at hand.
    fn take(&self, charge: &Charge<'_>) -> Option<Decision> {
        if charge.cost() == 0 {
            return None;
        }
        let outcome = self.stock.table.take(charge, self.stock.now())?;
        Some(Decision::of_one(Source::Prefetched, outcome))
    }

    /// An answer to a hit that found nothing at hand; `None`: it goes to the store by itself.
    async fn wait(&self, charge: &Charge<'_>) -> Option<Result<Decision>> {
        let answer = match self.stock.table.enter(charge, self.stock.now()) {
            Way::Taken(outcome) => return Some(Ok(Decision::of_one(Source::Prefetched, outcome))),
            Way::Alone => {
                self.woken.notify_one();
                return None;
            }
            Way::Wait { answer, fly } => {
                if let Some(under_way) = fly {
                    self.runtime.spawn(Flight::new(Arc::clone(&self.stock), charge, under_way).fly());
                }
                answer
            }
        };
        Some(answer.await.unwrap_or_else(|_| Err(crashed())))
    }
}

#[async_trait]
impl<L: RateLimiter> RateLimiter for Prefetch<L> {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        if let (Some(desk), [charge]) = (&self.desk, charges)
            && desk.stock.bounds.apply_to(charge)
            && let Some(answer) = desk.wait(charge).await
        {
            return answer;
        }
        self.inner.hit(charges).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.inner.peek(charges).await
    }

    /// To the store: what was handed out isn't handed out again.
    async fn refund(&self, receipt: Receipt) -> Result<()> {
        if receipt.source() != Source::Prefetched {
            return self.inner.refund(receipt).await;
        }
        let mut charged = Receipt::new(Source::Store);
        for line in receipt.lines() {
            charged.add(&line.charge(), line.charged_at_ms())?;
        }
        self.inner.refund(charged).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        // Kept until the store has answered: what is charged meanwhile may be forgotten.
        let resetting = self.desk.as_ref().map(|desk| desk.stock.table.reset(key, limit));
        if let Some(resetting) = &resetting {
            resetting.all_sent().await;
        }
        self.inner.reset(key, limit).await
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        match (&self.desk, charges) {
            (Some(desk), [charge]) => match desk.take(charge) {
                Some(decision) => Some(Ok(decision)),
                None if desk.stock.bounds.apply_to(charge) => None,
                None => self.inner.hit_now(charges),
            },
            _ => self.inner.hit_now(charges),
        }
    }
}

#[cold]
fn crashed() -> Error {
    let message = "whoever asked the store for it has ended: its runtime has, or the store panicked";
    Error::new(ErrorKind::Unavailable, message).with_operation("hit").possibly_charged()
}

pass_on_slots_and_quotas!(Prefetch);
