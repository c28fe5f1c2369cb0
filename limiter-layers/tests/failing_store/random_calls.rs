//! A circuit breaker against its rules in other words, over random calls that begin, end, go, and overlap.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{Charge, Decision, Error, ErrorKind, Key, Limit, RateLimiter, Receipt, Result, Source};
use limiter_layers::{CircuitBreaker, CircuitBreakerLayer};
use tokio::time::{Instant, advance};

use crate::operations::{LIMIT, key};
use crate::store::poll_once;

const MOST: usize = 3;
const OPEN_FOR: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(10);
const KINDS: [Option<ErrorKind>; 5] =
    [None, Some(ErrorKind::Timeout), Some(ErrorKind::Unavailable), Some(ErrorKind::InvalidRequest), None];

type Answer = Arc<Mutex<Option<Result<Decision>>>>;

/// Leaves the answer to each call to the test.
#[derive(Clone, Debug, Default)]
struct Asked(Arc<Mutex<Option<Answer>>>);

#[async_trait]
impl RateLimiter for Asked {
    async fn hit(&self, _: &[Charge<'_>]) -> Result<Decision> {
        let answer = Answer::default();
        *self.0.lock().unwrap() = Some(Arc::clone(&answer));
        poll_fn(|_| answer.lock().unwrap().take().map_or(Poll::Pending, Poll::Ready)).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.hit(charges).await
    }

    async fn refund(&self, _: Receipt) -> Result<()> {
        Ok(())
    }

    async fn reset(&self, _: &Key, _: &Limit) -> Result<()> {
        Ok(())
    }
}

/// A call under way, and what the rules have to know of it.
struct Call {
    future: Pin<Box<dyn Future<Output = Result<Decision>>>>,
    answer: Answer,
    /// It was let through while the circuit was open, as the n-th.
    probe: Option<usize>,
    /// How often the circuit had opened and closed when it began.
    changes: usize,
}

/// The rules.
#[derive(Debug, Default)]
struct Rules {
    changes: usize,
    in_a_row: usize,
    open: bool,
    /// Last opened, or last probe that failed.
    failed: Option<Instant>,
    probes: usize,
    /// The probe that others wait for, and since when.
    probing: Option<(usize, Instant)>,
}

impl Rules {
    /// Whether the next call must be let through; `None`: it may or may not.
    fn lets_through(&self, now: Instant) -> Option<bool> {
        if !self.open {
            return Some(true);
        }
        if let Some((_, since)) = self.probing {
            return Some(now - since >= PATIENCE);
        }
        match self.failed.map(|failed| now - failed) {
            Some(ago) if ago < OPEN_FOR => Some(false),
            Some(ago) if ago < OPEN_FOR * 6 / 5 => None,
            _ => Some(true),
        }
    }

    fn begun(&mut self, now: Instant) -> (Option<usize>, usize) {
        if !self.open {
            return (None, self.changes);
        }
        self.probes += 1;
        self.probing = Some((self.probes, now));
        (Some(self.probes), self.changes)
    }

    /// A call has ended well, with a failure of the store, or without telling anything (`None`).
    fn ended(&mut self, probe: Option<usize>, changes: usize, works: Option<bool>, now: Instant) {
        if changes != self.changes {
            return;
        }
        let is_waited_for = self.open && self.probing.is_some_and(|(waited, _)| probe == Some(waited));
        match works {
            Some(true) if self.open => *self = Self { changes: changes + 1, ..Self::default() },
            Some(true) => self.in_a_row = 0,
            Some(false) if is_waited_for => (self.failed, self.probing) = (Some(now), None),
            None if is_waited_for => (self.failed, self.probing) = (None, None),
            Some(false) if !self.open => self.in_a_row += 1,
            _ => {}
        }
        if !self.open && self.in_a_row == MOST {
            *self = Self { changes: changes + 1, open: true, failed: Some(now), ..Self::default() };
        }
    }
}

/// A breaker, the calls under way on it, and the rules.
struct Play {
    asked: Asked,
    breaker: CircuitBreaker<Asked>,
    calls: Vec<Call>,
    rules: Rules,
    random: fastrand::Rng,
}

impl Play {
    fn new(seed: u64) -> Self {
        let asked = Asked::default();
        let layer = CircuitBreakerLayer::default().with_failures(3).with_open_for(OPEN_FOR);
        let breaker = CircuitBreaker::new(asked.clone(), layer);
        let random = fastrand::Rng::with_seed(seed);
        Self { asked, breaker, calls: Vec::new(), rules: Rules::default(), random }
    }

    fn begin(&mut self) {
        let now = Instant::now();
        let breaker = self.breaker.clone();
        let mut future = Box::pin(async move { breaker.hit(&[Charge::new(&key(), &LIMIT)]).await });
        let through = poll_once(future.as_mut()).is_pending();
        let must = self.rules.lets_through(now);
        assert!(must.is_none_or(|must| must == through), "let through: {through}; {:?}", self.rules);
        if through {
            let (probe, changes) = self.rules.begun(now);
            let answer = self.asked.0.lock().unwrap().take().unwrap();
            self.calls.push(Call { future, answer, probe, changes });
        }
    }

    fn end(&mut self) {
        let Some(index) = (!self.calls.is_empty()).then(|| self.random.usize(..self.calls.len())) else {
            return;
        };
        let mut call = self.calls.swap_remove(index);
        let goes = self.random.u8(..5) == 0;
        let kind = KINDS[self.random.usize(..KINDS.len())];
        if goes {
            drop(call.future);
        } else {
            let answer =
                kind.map_or_else(|| Ok(Decision::new(Source::Store, [])), |kind| Err(Error::new(kind, "")));
            *call.answer.lock().unwrap() = Some(answer);
            assert!(poll_once(call.future.as_mut()).is_ready());
        }
        let works = match kind {
            _ if goes => None,
            None => Some(true),
            Some(ErrorKind::InvalidRequest) => None,
            Some(_) => Some(false),
        };
        self.rules.ended(call.probe, call.changes, works, Instant::now());
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_comes_it_keeps_its_rules() {
    let mut seen = [0_u32; 3];
    for seed in 0..3_000 {
        let mut play = Play::new(seed);
        for _ in 0..60 {
            match play.random.u8(..10) {
                0..4 => play.begin(),
                4..8 => play.end(),
                8 => advance(Duration::from_millis(play.random.u64(1..700))).await,
                _ => advance(Duration::from_millis(play.random.u64(500..12_000))).await,
            }
            seen[0] += u32::from(play.rules.open);
            seen[1] += u32::from(play.rules.probing.is_some());
            seen[2] += u32::from(!play.rules.open && play.rules.changes > 0);
        }
    }
    assert!(seen.iter().all(|steps| *steps > 1_000), "open, half-open, closed again: {seen:?}");
}
