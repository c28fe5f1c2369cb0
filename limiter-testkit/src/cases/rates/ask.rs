//! Asks a rate limiter, and remembers what was asked and when the store answered.

use std::sync::OnceLock;

use limiter_core::{
    Charge, Clock, Decision, EXACT, Key, Limit, Outcome, RateLimiter, Receipt, Result, Source,
};

use super::answer::RateAnswer;
use super::limits::LONG;
use crate::broken::{Broken, Kept};
use crate::trial::Promise;

/// How much sooner than a charge is to fit it is first asked for, in real time.
const SOONER_MS: u64 = 25;

/// A rate limiter under trial.
pub(crate) struct AskRates<'a> {
    rates: &'a dyn RateLimiter,
    promise: Promise,
    /// Hit to learn the store's time.
    time: OnceLock<Key>,
}

impl<'a> AskRates<'a> {
    pub(crate) fn new(rates: &'a dyn RateLimiter, promise: Promise) -> Self {
        Self { rates, promise, time: OnceLock::new() }
    }

    pub(crate) const fn promise(&self) -> &Promise {
        &self.promise
    }

    /// The limiter itself: for what isn't to be answered.
    pub(crate) fn rates(&self) -> &dyn RateLimiter {
        self.rates
    }

    /// A key that nobody else has.
    pub(crate) fn key(&self, who: &str) -> Kept<Key> {
        self.promise.key(who)
    }

    /// A key that nobody else has, with so many hits of one unit that all fit.
    pub(crate) async fn used(&self, who: &str, limit: &Limit, hits: u64) -> Kept<Key> {
        let key = self.key(who)?;
        for _ in 0..hits {
            self.charge(&key, limit, 1).await?;
        }
        Ok(key)
    }

    /// A charge that fits, and when it was made. Where the clock is handed in, that is what it shows.
    pub(crate) async fn charge(&self, key: &Key, limit: &Limit, cost: u64) -> Kept<u64> {
        let charges = [Charge::new(key, limit).with_cost(cost)];
        let got = self.rates.hit(&charges).await;
        let asked = || format!("{}, which prepares the case", told("hit", &charges));
        let decision = got.map_err(|error| self.promise.broken(asked(), "allowed", error))?;
        if !decision.is_allowed() {
            return Err(self.promise.broken(asked(), "allowed", format!("{decision:?}")));
        }
        self.made_at_ms(&decision)
            .ok_or_else(|| self.promise.broken(asked(), "charged_at", format!("{decision:?}")))
    }

    /// One charge.
    pub(crate) async fn hit(&self, key: &Key, limit: &Limit, cost: u64) -> Kept<RateAnswer> {
        self.hit_all(&[Charge::new(key, limit).with_cost(cost)]).await
    }

    /// Several charges in one step.
    pub(crate) async fn hit_all(&self, charges: &[Charge<'_>]) -> Kept<RateAnswer> {
        let earliest_ms = self.now_ms().await?;
        let decision = self.rates.hit(charges).await;
        self.answered(told("hit", charges), earliest_ms, decision).await
    }

    /// A look at one charge.
    pub(crate) async fn peek(&self, key: &Key, limit: &Limit, cost: u64) -> Kept<RateAnswer> {
        let charges = [Charge::new(key, limit).with_cost(cost)];
        let earliest_ms = self.now_ms().await?;
        let decision = self.rates.peek(&charges).await;
        self.answered(told("peek", &charges), earliest_ms, decision).await
    }

    /// What was answered without waiting, if it was.
    pub(crate) async fn hit_now(&self, key: &Key, limit: &Limit, cost: u64) -> Kept<Option<RateAnswer>> {
        let charges = [Charge::new(key, limit).with_cost(cost)];
        let earliest_ms = self.now_ms().await?;
        match self.rates.hit_now(&charges) {
            Some(decision) => self.answered(told("hit_now", &charges), earliest_ms, decision).await.map(Some),
            None => Ok(None),
        }
    }

    /// Gives back what was charged at a time of the store.
    pub(crate) async fn refund(&self, key: &Key, limit: &Limit, cost: u64, charged_at_ms: u64) -> Kept {
        let charge = Charge::new(key, limit).with_cost(cost);
        let asked = format!("{}, charged at {charged_at_ms}", told("refund", &[charge]));
        let mut receipt = Receipt::new(Source::Store);
        receipt.add(&charge, charged_at_ms)?;
        self.done(asked, self.rates.refund(receipt).await)
    }

    /// Forgets a counter.
    pub(crate) async fn reset(&self, key: &Key, limit: &Limit) -> Kept {
        self.done(told("reset", &[Charge::new(key, limit)]), self.rates.reset(key, limit).await)
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
            clock.set_ms(at_ms);
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

    /// Lets some time pass.
    pub(crate) async fn pass(&self, wait_ms: u64) -> Kept {
        let now_ms = self.now_ms().await?;
        self.until(now_ms + wait_ms).await
    }

    /// Goes on to so many milliseconds after the start of the next window of that length, and tells its start. Only
    /// where the clock is handed in.
    pub(crate) async fn next_window(&self, window_ms: u64, by_ms: u64) -> Kept<u64> {
        let clock = self.promise.clock().ok_or_else(|| self.no_clock())?;
        let now_ms = clock.now_ms();
        let start_ms = now_ms - now_ms % window_ms + window_ms;
        self.until(start_ms + by_ms).await?;
        Ok(start_ms)
    }

    /// The same where the clock is handed in. In real time it stays where it is: the case goes by what it learns.
    pub(crate) async fn next_window_if_handed_in(&self, window_ms: u64, by_ms: u64) -> Kept {
        if self.promise.clock().is_some() {
            self.next_window(window_ms, by_ms).await?;
        }
        Ok(())
    }

    /// Sets the clock back.
    pub(crate) async fn step_back(&self, by_ms: u64) -> Kept {
        let clock = self.promise.clock().ok_or_else(|| self.no_clock())?;
        self.until(clock.now_ms().saturating_sub(by_ms)).await
    }

    /// Keys for [`AskRates::fits_from`], each to be prepared alike: where the clock is handed in one to be looked at
    /// a millisecond too soon and one to be looked at in time, else one that is asked for over and over.
    pub(crate) fn watched(&self) -> Kept<Vec<Key>> {
        match self.promise.clock() {
            Some(_) => Ok(vec![self.key("soon")?, self.key("then")?]),
            None => Ok(vec![self.key("user")?]),
        }
    }

    /// From that time of the store on a cost fits, and not a millisecond sooner. In real time it is asked for until it
    /// fits: then the store's times tell whether any answer came of the wrong side.
    pub(crate) async fn fits_from(&self, watched: &[Key], limit: &Limit, cost: u64, at_ms: u64) -> Kept {
        match watched {
            [soon, then] => {
                self.until(at_ms - 1).await?;
                self.hit(soon, limit, cost).await?.denied()?;
                self.until(at_ms).await?;
                self.hit(then, limit, cost).await?.allowed()?;
                Ok(())
            }
            keys => {
                for key in keys {
                    self.fits_in_time(key, limit, cost, at_ms).await?;
                }
                Ok(())
            }
        }
    }

    async fn fits_in_time(&self, key: &Key, limit: &Limit, cost: u64, at_ms: u64) -> Kept {
        let mut answer = self.hit(key, limit, cost).await?;
        while !answer.decision().is_allowed() {
            let wanted = format!("allowed, for it fits from {at_ms} on");
            answer.expect(*answer.between_ms().start() < at_ms, &wanted)?;
            if *answer.between_ms().end() + SOONER_MS < at_ms {
                self.until(at_ms - SOONER_MS).await?;
            }
            answer = self.hit(key, limit, cost).await?;
        }
        let in_time = answer.made_at_ms()? >= at_ms;
        answer.expect(in_time, &format!("denied until {at_ms}")).map(|_| ())
    }

    async fn answered(&self, asked: String, earliest_ms: u64, got: Result<Decision>) -> Kept<RateAnswer> {
        let asked = format!("{asked}, at {earliest_ms}");
        match got {
            Ok(decision) => {
                let latest_ms = self.now_ms().await?;
                let made_at_ms = self.made_at_ms(&decision);
                Ok(RateAnswer::new(
                    self.promise.clone(),
                    asked,
                    decision,
                    earliest_ms..=latest_ms,
                    made_at_ms,
                ))
            }
            Err(error) => Err(self.promise.broken(asked, "an answer", error)),
        }
    }

    /// When a charge was made: where the clock is handed in, that is what it shows.
    fn made_at_ms(&self, decision: &Decision) -> Option<u64> {
        match self.promise.clock() {
            Some(clock) => Some(clock.now_ms()),
            None => decision.outcomes().first().and_then(Outcome::charged_at_ms),
        }
    }

    fn done(&self, asked: String, got: Result<()>) -> Kept {
        got.map_err(|error| self.promise.broken(asked, "it to be done", error))
    }

    fn no_clock(&self) -> Broken {
        self.promise.broken("to set the clock", "a clock that is handed in", "none")
    }

    /// The store tells its time with each charge.
    async fn probed_ms(&self) -> Kept<u64> {
        let (new, limit) = (self.key("time")?, Limit::fixed_window(EXACT, LONG)?);
        let key = self.time.get_or_init(|| new);
        let asked = "a hit, to learn the store's time";
        let got = self.rates.hit(&[Charge::new(key, &limit)]).await;
        let decision = got.map_err(|error| self.promise.broken(asked, "an answer", error))?;
        let charged_at_ms = decision.outcomes().first().and_then(Outcome::charged_at_ms);
        charged_at_ms.ok_or_else(|| self.promise.broken(asked, "charged_at", format!("{decision:?}")))
    }
}

/// A call in words.
pub(crate) fn told(verb: &str, charges: &[Charge<'_>]) -> String {
    let words = match charges {
        [] => "nothing".to_owned(),
        [first, second, third, _, ..] => {
            let few = [first, second, third].map(told_charge).join(" and ");
            format!("{few} and {} more", charges.len() - 3)
        }
        few => few.iter().map(told_charge).collect::<Vec<_>>().join(" and "),
    };
    format!("{verb} {words}")
}

fn told_charge(charge: &Charge<'_>) -> String {
    let (key, limit) = (charge.key(), charge.limit());
    let partition = key.partition().map(|partition| format!(" in {partition:?}")).unwrap_or_default();
    let subject = key.subject().escape_debug();
    format!("{}/{subject}{partition} by {limit} cost {}", key.space(), charge.cost())
}
