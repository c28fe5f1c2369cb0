//! What is held of one counter, and who waits for more.

use std::collections::VecDeque;
use std::sync::Arc;

use limiter_core::{Limit, Outcome};

use super::block::{Block, Rest};
use super::pace::Pace;
use super::resets::{Resets, Resetting, Since};
use super::under_way::{Traffic, UnderWay};
use super::waiting::{Answer, Waiting};
use crate::moment::Moment;

/// A hit that comes sooner than this after the one before is one of many.
const OFTEN_MS: u64 = 50;
/// What is held longer than this is more than demand uses up.
const HELD_MS: u64 = 200;
/// A counter that nobody has asked for so long isn't remembered.
const FORGOTTEN_MS: u64 = 1000;

/// What is held of one counter for one limit, and who waits for more. Another limit of the same counter, such as one
/// whose `max` was changed, has a holding of its own.
#[derive(Debug)]
pub(super) struct Holding {
    limit: Limit,
    block: Option<Block>,
    pace: Pace,
    waiting: VecDeque<Waiting>,
    /// Whether a flight is asking for this counter.
    flying: bool,
    asked: Moment,
    /// Shared with whatever was charged and is on its way.
    resets: Arc<Resets>,
}

/// How a hit goes on that found nothing at hand.
#[derive(Debug)]
pub(super) enum Way {
    /// There was something after all.
    Taken(Outcome),
    /// To the store, by itself.
    Alone,
    /// It waits; `fly`: it is the first, and somebody has to ask for it.
    Wait { answer: Answer, fly: Option<UnderWay> },
}

/// What a flight asks the store for.
#[derive(Debug)]
pub(super) struct Request {
    /// Who waits, the first first.
    pub(super) waiting: VecDeque<Waiting>,
    /// For how many of them it is asked.
    pub(super) part: usize,
    /// Units: what these cost, and some in advance.
    pub(super) units: u64,
    pub(super) since: Since,
}

impl Holding {
    pub(super) fn new(limit: Limit, now: Moment) -> Self {
        let (block, pace, waiting) = (None, Pace::default(), VecDeque::new());
        let resets = Arc::default();
        Self { limit, block, pace, waiting, flying: false, asked: now, resets }
    }

    pub(super) const fn limit(&self) -> &Limit {
        &self.limit
    }

    /// Permits for a hit that comes now.
    pub(super) fn take(&mut self, cost: u64, now: Moment) -> Option<Outcome> {
        self.block.as_mut()?.take(&self.limit, cost, now)
    }

    /// How a hit goes on. One on a counter that is seldom asked for goes by itself.
    pub(super) fn enter(&mut self, cost: u64, now: Moment, traffic: &Traffic) -> Way {
        if let Some(outcome) = self.take(cost, now) {
            return Way::Taken(outcome);
        }
        let often = self.block.is_some() || now.age_ms(self.asked) < OFTEN_MS;
        self.asked = now;
        if !often && !self.flying {
            return Way::Alone;
        }
        let (waiting, answer) = Waiting::new(cost);
        self.waiting.push_back(waiting);
        let fly = (!self.flying).then(|| traffic.flight());
        self.flying = true;
        Way::Wait { answer, fly }
    }

    /// What to ask for next; `None` when nobody waits any more: then the flight has ended.
    pub(super) fn request(&mut self, most: u64, share: u64, now: Moment) -> Option<Request> {
        self.waiting.retain(Waiting::is_wanted);
        if self.waiting.is_empty() {
            self.flying = false;
            return None;
        }
        if let Some(block) = &mut self.block {
            let (used, within_ms) = block.used_within_ms(now);
            self.pace.used(block.units(), used, within_ms);
        }
        let waiting = std::mem::take(&mut self.waiting);
        let (part, wanted) = first_of(&waiting, self.pace.at_once(self.limit.capacity()));
        let since = self.resets.now();
        // What is charged while it is being reset isn't held.
        let most = if since.holds() { most } else { 0 };
        let units = wanted + self.pace.beyond(wanted, &self.limit, most, share);
        Some(Request { waiting, part, units, since })
    }

    /// The store charged, and told what is left.
    pub(super) fn charged(&mut self, left: u64) {
        self.pace.charged(left);
    }

    /// Keeps what is left of a block, or what is there already where that is more. What can't be kept is to be given
    /// back; nothing of a counter that was reset since, for that has forgotten the charge.
    pub(super) fn keep(&mut self, mut block: Block, now: Moment) -> Option<Rest> {
        if !block.counts() {
            return None;
        }
        let held = self.block.as_mut().map_or(0, |held| held.usable(&self.limit, now));
        let other =
            if held > block.usable(&self.limit, now) { Some(block) } else { self.block.replace(block) };
        other?.returnable(&self.limit, now)
    }

    /// The store refused, and told what is left. What is held is to be given back before anybody is refused.
    pub(super) fn refused(&mut self, left: u64, now: Moment) -> Option<Rest> {
        self.pace.refused(left);
        self.block.take()?.returnable(&self.limit, now)
    }

    /// Those who weren't answered wait on, before those who came later.
    pub(super) fn wait_on(&mut self, mut waiting: VecDeque<Waiting>) {
        waiting.append(&mut self.waiting);
        self.waiting = waiting;
    }

    /// All who wait, for the flight has come to nothing.
    pub(super) fn crash(&mut self) -> VecDeque<Waiting> {
        self.flying = false;
        std::mem::take(&mut self.waiting)
    }

    /// All who wait.
    pub(super) fn take_waiting(&mut self) -> VecDeque<Waiting> {
        std::mem::take(&mut self.waiting)
    }

    /// The counter is being reset: what is held was charged to what is forgotten.
    pub(super) fn reset(&mut self) -> Resetting {
        self.block = None;
        self.resets.begin()
    }

    /// What has been held for longer than demand needs it.
    pub(super) fn overdue(&mut self, now: Moment) -> Option<Rest> {
        let block = self.block.as_mut()?;
        let (used, within_ms) = block.used_within_ms(now);
        let gone = block.is_left() && block.usable(&self.limit, now) == 0;
        if within_ms < HELD_MS && !gone {
            return None;
        }
        self.pace.used(block.units(), used, within_ms);
        self.block.take()?.returnable(&self.limit, now)
    }

    /// All that is held.
    pub(super) fn take_all(&mut self, now: Moment) -> Option<Rest> {
        self.block.take()?.returnable(&self.limit, now)
    }

    /// Whether nobody needs it any more, and nothing is on its way back.
    pub(super) fn is_idle(&self, now: Moment) -> bool {
        let alone = Arc::strong_count(&self.resets) == 1;
        self.block.is_none() && !self.flying && alone && now.age_ms(self.asked) >= FORGOTTEN_MS
    }
}

/// How many of those who wait fit together, and what they cost; the first in any case.
fn first_of(waiting: &VecDeque<Waiting>, at_once: u64) -> (usize, u64) {
    let mut wanted = 0_u64;
    let fits = |waiting: &&Waiting| {
        let fits = wanted == 0 || waiting.cost <= at_once.saturating_sub(wanted);
        wanted += if fits { waiting.cost } else { 0 };
        fits
    };
    let part = waiting.iter().take_while(fits).count();
    (part, wanted)
}
