//! Asks the store for permits, for all who wait for one counter.

use std::collections::VecDeque;
use std::sync::Arc;

use limiter_core::{Charge, Decision, Denied, Error, Key, Limit, Outcome, Source};

use super::block::{Block, Rest};
use super::holding::{Holding, Request};
use super::stock::Stock;
use super::under_way::UnderWay;
use super::waiting::{again, shared};
use crate::moment::Moment;

/// Asks the store for permits of one counter as long as somebody waits for them. There is one flight a counter at a
/// time, in a task of its own: a caller that goes away leaves it flying, and what nobody wants any more is held.
#[derive(Debug)]
pub(super) struct Flight {
    stock: Arc<Stock>,
    key: Key,
    limit: Limit,
    landed: bool,
    _under_way: UnderWay,
}

impl Flight {
    pub(super) fn new(stock: Arc<Stock>, charge: &Charge<'_>, under_way: UnderWay) -> Self {
        let (key, limit) = (charge.key().clone(), *charge.limit());
        Self { stock, key, limit, landed: false, _under_way: under_way }
    }

    pub(super) async fn fly(mut self) {
        while let Some(request) = self.next() {
            let back = self.make(request).await;
            if let Some((rest, source)) = back {
                let back = self.stock.table.going_back(self.key.clone(), self.limit, rest);
                self.stock.give_back(back, source).await;
            }
        }
        self.landed = true;
    }

    fn next(&self) -> Option<Request> {
        let (now, bounds) = (self.stock.now(), &self.stock.bounds);
        let most = if self.stock.table.is_closed() { 0 } else { bounds.of(&self.limit) };
        self.with(|holding| holding.request(most, bounds.share, now)).flatten()
    }

    /// Asks once. Answers those who can be answered, and tells what is to be given back and where it was charged.
    async fn make(&self, request: Request) -> Option<(Rest, Source)> {
        // The clock is read before the request is sent: the store's time of the charge is later, never earlier.
        let asked = self.stock.now();
        let charge = Charge::new(&self.key, &self.limit).with_cost(request.units);
        match self.stock.store.hit(&[charge]).await {
            Ok(Decision::Allowed(allowed)) if allowed.source() == Source::Store => {
                let outcome = allowed.outcomes().first()?;
                self.charged(request, outcome, asked).map(|rest| (rest, Source::Store))
            }
            Ok(Decision::Allowed(allowed)) => {
                let source = allowed.source();
                self.let_through(request, allowed.outcomes(), source).map(|rest| (rest, source))
            }
            Ok(Decision::Denied(denied)) => self.refused(request, &denied).map(|rest| (rest, Source::Store)),
            Err(error) => {
                self.failed(request, error);
                None
            }
        }
    }

    /// The store has charged: the first of those who wait get theirs, the rest is held.
    fn charged(&self, mut request: Request, outcome: &Outcome, asked: Moment) -> Option<Rest> {
        self.with(|holding| holding.charged(outcome.remaining()));
        let others = request.waiting.split_off(request.part);
        self.with(|holding| holding.wait_on(others));
        let mut block = Block::new(request.units, outcome, asked, request.since)?;
        let own =
            request.part == 1 && request.waiting.front().is_some_and(|first| first.cost == request.units);
        let source = if own { Source::Store } else { Source::Prefetched };
        for waiting in request.waiting {
            if waiting.is_wanted()
                && let Some(outcome) = block.serve(waiting.cost)
            {
                waiting.answer(Decision::of_one(source, outcome));
            }
        }
        self.keep(block)
    }

    fn keep(&self, mut block: Block) -> Option<Rest> {
        let now = self.stock.now();
        let closed = &self.stock.table;
        self.with(|holding| {
            if closed.is_closed() { block.returnable(&self.limit, now) } else { holding.keep(block, now) }
        })
        .flatten()
    }

    /// Somebody else has answered, or nobody has counted: all are let through who were asked for, and nothing is held.
    fn let_through(&self, mut request: Request, outcomes: &[Outcome], source: Source) -> Option<Rest> {
        let others = request.waiting.split_off(request.part);
        self.with(|holding| holding.wait_on(others));
        let mut left = request.units;
        for waiting in request.waiting {
            let cost = waiting.cost;
            left -= if waiting.answer(again(source, outcomes)) { cost } else { 0 };
        }
        let charged_at_ms = outcomes.first()?.charged_at_ms()?;
        (left > 0).then_some(Rest { units: left, charged_at_ms, since: request.since })
    }

    /// The store has refused. If that was asked for the first alone, and nothing held can be given back, it is the
    /// answer to all who want as much. Otherwise it is asked again, for less.
    fn refused(&self, request: Request, denied: &Denied) -> Option<Rest> {
        let left = denied.outcomes().first().map_or(0, Outcome::remaining);
        let now = self.stock.now();
        let first = request.waiting.front().map_or(0, |first| first.cost);
        let back = self.with(|holding| holding.refused(left, now)).flatten();
        let (answered, others): (VecDeque<_>, VecDeque<_>) = request
            .waiting
            .into_iter()
            .partition(|waiting| back.is_none() && first == request.units && waiting.cost == first);
        self.with(|holding| holding.wait_on(others));
        for waiting in answered {
            waiting.answer(again(denied.source(), denied.outcomes()));
        }
        back
    }

    /// All who wait learn that the store failed: also those who came later, so that nobody waits for two failures.
    fn failed(&self, request: Request, error: Error) {
        let mut others = request.waiting;
        let mut asked_for: VecDeque<_> = others.drain(..request.part).collect();
        others.extend(self.with(Holding::take_waiting).into_iter().flatten());
        if others.is_empty()
            && asked_for.len() == 1
            && let Some(only) = asked_for.pop_front()
        {
            only.fail(error);
            return;
        }
        let error = Arc::new(error);
        for waiting in asked_for {
            waiting.fail(shared(&error, true));
        }
        for waiting in others {
            waiting.fail(shared(&error, false));
        }
    }

    fn with<T>(&self, what: impl FnOnce(&mut Holding) -> T) -> Option<T> {
        self.stock.table.with(&self.key, &self.limit, what)
    }
}

/// A flight that is dropped on its way, because its runtime ends or the store panicked, must leave nobody waiting.
impl Drop for Flight {
    fn drop(&mut self) {
        if !self.landed {
            drop(self.with(Holding::crash));
        }
    }
}
