//! Asks a slot limiter, and remembers what was asked.

use std::future::Future;
use std::ops::RangeInclusive;
use std::time::Duration;

use limiter_core::{
    Acquisition, Clock, HeldLease, Key, Lease, LeaseId, LeaseRequest, Result, Scope, SlotLimiter,
};

use super::answer::SlotAnswer;
use crate::broken::Kept;
use crate::trial::Promise;

/// An hour: no lease that is taken for so long runs out while a case runs, unless its clock is moved on purpose.
pub(crate) const LONG_MS: u64 = 3_600_000;

/// How many times the short TTL the leases of each attempt last, of a case that a slow store leaves undecided.
const ATTEMPTS: [u64; 6] = [1, 2, 4, 8, 16, 16];

/// A slot limiter under trial.
pub(crate) struct AskSlots<'a> {
    slots: &'a dyn SlotLimiter,
    promise: Promise,
}

/// One permit in each of the scopes, for so long.
pub(crate) fn wanting_for(scopes: &[(&Key, u64)], ttl_ms: u64) -> Kept<LeaseRequest> {
    let scopes: Vec<_> = scopes.iter().map(|(key, cap)| Scope::new((*key).clone(), *cap)).collect();
    Ok(LeaseRequest::new(scopes, Duration::from_millis(ttl_ms))?)
}

/// One permit in each of the scopes, for long.
pub(crate) fn wanting(scopes: &[(&Key, u64)]) -> Kept<LeaseRequest> {
    wanting_for(scopes, LONG_MS)
}

/// The part of a lease that stands in some of its keys, for so long.
pub(crate) fn part_of(lease: &Lease, keys: &[&Key], ttl_ms: u64) -> Kept<Lease> {
    let keys: Vec<_> = keys.iter().map(|key| (*key).clone()).collect();
    Ok(Lease::new(lease.id().clone(), keys, Duration::from_millis(ttl_ms))?)
}

/// A lease that nobody was ever granted.
pub(crate) fn stranger(key: &Key) -> Kept<Lease> {
    Ok(Lease::new(LeaseId::random()?, [key.clone()], Duration::from_millis(LONG_MS))?)
}

impl<'a> AskSlots<'a> {
    pub(crate) fn new(slots: &'a dyn SlotLimiter, promise: Promise) -> Self {
        Self { slots, promise }
    }

    pub(crate) const fn promise(&self) -> &Promise {
        &self.promise
    }

    /// A key that nobody else has.
    pub(crate) fn key(&self, who: &str) -> Kept<Key> {
        self.promise.key(who)
    }

    /// A TTL that ends within the case. It isn't whole in seconds.
    pub(crate) const fn short_ms(&self) -> u64 {
        self.promise.short_ms() + 7
    }

    /// An acquire.
    pub(crate) async fn acquire(&self, request: &LeaseRequest) -> SlotAnswer<Acquisition> {
        let got = self.slots.acquire(request).await;
        self.answered(told(request), got)
    }

    /// Takes one permit for long: it must be granted.
    pub(crate) async fn take(&self, key: &Key, cap: u64) -> Kept<Lease> {
        self.acquire(&wanting(&[(key, cap)])?).await.lease()
    }

    /// Takes several permits for long: they must be granted.
    pub(crate) async fn take_permits(&self, key: &Key, cap: u64, permits: u64) -> Kept<Lease> {
        self.acquire(&wanting(&[(key, cap)])?.with_permits(permits)?).await.lease()
    }

    /// Takes one permit for so long: it must be granted. Tells the lease and when it runs out.
    pub(crate) async fn take_for(
        &self,
        key: &Key,
        cap: u64,
        ttl_ms: u64,
    ) -> Kept<(Lease, RangeInclusive<u64>)> {
        let request = wanting_for(&[(key, cap)], ttl_ms)?;
        let (lease, at_ms) = self.timed(async { self.acquire(&request).await.lease() }).await?;
        Ok((lease, at_ms.start() + ttl_ms..=at_ms.end() + ttl_ms))
    }

    /// Asks for one permit, which must be refused.
    pub(crate) async fn refused(&self, key: &Key, cap: u64) -> Kept {
        self.acquire(&wanting(&[(key, cap)])?).await.refused().map(drop)
    }

    /// A renewal.
    pub(crate) async fn renew(&self, leases: &[Lease]) -> SlotAnswer<Vec<bool>> {
        let got = self.slots.renew(leases).await;
        self.answered(told_leases("renew", leases), got)
    }

    /// A renewal of one lease.
    pub(crate) async fn renew_one(&self, lease: &Lease) -> SlotAnswer<Vec<bool>> {
        self.renew(std::slice::from_ref(lease)).await
    }

    /// A release.
    pub(crate) async fn release(&self, leases: &[Lease]) -> SlotAnswer<Vec<bool>> {
        let got = self.slots.release(leases).await;
        self.answered(told_leases("release", leases), got)
    }

    /// A release of one lease.
    pub(crate) async fn release_one(&self, lease: &Lease) -> SlotAnswer<Vec<bool>> {
        self.release(std::slice::from_ref(lease)).await
    }

    /// Permits in use.
    pub(crate) async fn in_use(&self, key: &Key) -> SlotAnswer<u64> {
        let got = self.slots.in_use(key).await;
        self.answered(format!("in_use {}", named(key)), got)
    }

    /// Leases of a key.
    pub(crate) async fn leases(&self, key: &Key) -> SlotAnswer<Vec<HeldLease>> {
        let got = self.slots.leases(key).await;
        self.answered(format!("leases {}", named(key)), got)
    }

    /// Looks so long before a time whether a key of cap 1 is still taken. False when the store answered too late to
    /// tell.
    pub(crate) async fn is_taken_before(&self, key: &Key, at_ms: u64, close_ms: u64) -> Kept<bool> {
        self.until(at_ms.saturating_sub(close_ms)).await?;
        let answer = self.acquire(&wanting(&[(key, 1)])?).await;
        if self.now_ms().await? >= at_ms {
            return Ok(false);
        }
        answer.refused()?;
        Ok(true)
    }

    /// Looks at a time, or in real time a little later, whether a key of cap 1 is free.
    pub(crate) async fn is_free_at(&self, key: &Key, at_ms: u64) -> Kept {
        self.until(at_ms).await?;
        self.take(key, 1).await.map(drop)
    }

    /// Looks a quarter of the short TTL after a time whether a key of cap 1 is free.
    pub(crate) async fn is_free_after(&self, key: &Key, at_ms: u64) -> Kept {
        self.is_free_at(key, at_ms + self.short_ms() / 4).await
    }

    /// What is held of a key is told to run out between these times. False when the store answered too late to tell.
    pub(crate) async fn runs_out_between(&self, key: &Key, ends_ms: &RangeInclusive<u64>) -> Kept<bool> {
        let met = |held: &Vec<HeldLease>| {
            !held.is_empty() && held.iter().all(|lease| ends_ms.contains(&lease.expires_ms))
        };
        let answer = self.leases(key).await;
        if self.now_ms().await? >= *ends_ms.start() {
            return Ok(false);
        }
        let (start_ms, end_ms) = (ends_ms.start(), ends_ms.end());
        let wanted = match end_ms - start_ms {
            0 => format!("a lease that runs out at {start_ms}"),
            _ => format!("a lease that runs out between {start_ms} and {end_ms}"),
        };
        answer.expect(wanted, met, |held| format!("{held:?}")).map(|_| true)
    }

    /// Tries with longer and longer TTLs until the store was fast enough to tell.
    pub(crate) async fn decided<F>(&self, attempt: impl Fn(u64) -> F + Send) -> Kept
    where
        F: Future<Output = Kept<bool>> + Send,
    {
        let mut longest_ms = 0;
        for times in ATTEMPTS {
            longest_ms = times * self.short_ms();
            if attempt(longest_ms).await? {
                return Ok(());
            }
        }
        let wanted = format!("answers within part of {longest_ms} ms");
        Err(self.promise.broken(
            "the same calls again and again",
            wanted,
            "answers that came too late to tell",
        ))
    }

    /// Does something, and tells the store's times between which it was done: one, where the clock was handed in.
    pub(crate) async fn timed<T>(
        &self,
        call: impl Future<Output = Kept<T>> + Send,
    ) -> Kept<(T, RangeInclusive<u64>)> {
        let earliest_ms = self.now_ms().await?;
        let done = call.await?;
        Ok((done, earliest_ms..=self.now_ms().await?))
    }

    /// The store's time.
    pub(crate) async fn now_ms(&self) -> Kept<u64> {
        match self.promise.clock() {
            Some(clock) => Ok(clock.now_ms()),
            None => self.probed_ms().await,
        }
    }

    /// Goes on to a time of the store: sets the clock that was handed in, or waits.
    pub(crate) async fn until(&self, at_ms: u64) -> Kept {
        if let Some(clock) = self.promise.clock() {
            clock.set_ms(at_ms.max(clock.now_ms()));
            return Ok(());
        }
        loop {
            let now_ms = self.probed_ms().await?;
            if now_ms >= at_ms {
                return Ok(());
            }
            self.promise.pause(at_ms - now_ms).await;
        }
    }

    /// The store tells its time with the expiry of a lease.
    async fn probed_ms(&self) -> Kept<u64> {
        let key = self.key("time")?;
        let lease = self.take(&key, 1).await?;
        let answer = self.leases(&key).await;
        let held = answer.expect("one lease", |held| held.len() == 1, |held| format!("{held:?}"))?;
        let now_ms = held.iter().map(|held| held.expires_ms.saturating_sub(LONG_MS)).sum();
        self.release_one(&lease).await.is_live()?;
        Ok(now_ms)
    }

    fn answered<T>(&self, asked: String, got: Result<T>) -> SlotAnswer<T> {
        let asked = match self.promise.clock() {
            Some(clock) => format!("{asked}, at {}", clock.now_ms()),
            None => asked,
        };
        SlotAnswer::new(self.promise.clone(), asked, got)
    }
}

/// An acquire in words.
pub(crate) fn told(request: &LeaseRequest) -> String {
    let scope = |scope: &Scope| format!("{} cap {}", named(scope.key()), scope.cap());
    let scopes = request.scopes().iter().map(scope).collect::<Vec<_>>().join(" and ");
    let (id, permits, ttl_ms) = (request.id(), request.permits(), request.ttl_ms());
    format!("acquire {scopes}, permits {permits} for {ttl_ms} ms as {id}")
}

fn told_leases(verb: &str, leases: &[Lease]) -> String {
    let lease = |lease: &Lease| {
        let keys = lease.keys().iter().map(named).collect::<Vec<_>>().join(" and ");
        format!("{} for {} ms in {keys}", lease.id(), lease.ttl_ms())
    };
    format!("{verb} {}", leases.iter().map(lease).collect::<Vec<_>>().join("; "))
}

fn named(key: &Key) -> String {
    let partition = key.partition().map(|partition| format!(" in {}", partition.escape_debug()));
    format!("{}/{}{}", key.space(), key.subject().escape_debug(), partition.unwrap_or_default())
}
