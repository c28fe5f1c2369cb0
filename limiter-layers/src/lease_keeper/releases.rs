//! Leases on their way back to the store.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Error, Lease, Result};
use metrics::counter;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::order::Reply;
use super::pace::Pace;

/// How many calls may be under way, so that one that hangs holds up nobody and a store that is down sees few.
const MOST_CALLS: usize = 8;
/// How many leases may wait of which it isn't known whether they exist.
const MOST_UNCERTAIN: usize = 65_536;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The queue of releases. Each is sent until it is answered, fails for good, or the TTL has freed the lease.
#[derive(Debug, Default)]
pub(super) struct Releases {
    fresh: VecDeque<Release>,
    /// Those that failed, by the time of their next try. They go apart from the fresh ones, so that a key on
    /// which the store hangs doesn't take others along every time.
    again: BTreeMap<Instant, Vec<Release>>,
    waiting: usize,
    under_way: usize,
    calls: usize,
    given_up: usize,
}

/// A lease to be released.
#[derive(Debug)]
pub(super) struct Release {
    lease: Lease,
    /// When the TTL has freed it.
    until: Instant,
    reply: Option<Reply>,
    failures: u32,
}

impl Releases {
    /// A lease is to be released.
    pub(super) fn push(&mut self, lease: Lease, reply: Option<Reply>, now: Instant) {
        let until = Pace::new(lease.ttl_ms()).freed_by(now);
        self.waiting += 1;
        self.fresh.push_back(Release { lease, until, reply, failures: 0 });
    }

    /// A lease that may or may not exist is to be released. Callers that time out make more and more of these, so
    /// there is a bound: beyond it they are left to their TTL.
    pub(super) fn push_uncertain(&mut self, lease: Lease, now: Instant) {
        if self.waiting < MOST_UNCERTAIN {
            self.push(lease, None, now);
        } else {
            debug!(lease = %lease.id(), space = space(&lease), "too many releases wait: left to its TTL");
            given_up(&lease);
        }
    }

    /// What is to be released now in one call of up to `most`. Whoever takes it makes the call.
    pub(super) fn take(&mut self, now: Instant, most: usize) -> Option<Vec<Release>> {
        if self.calls == MOST_CALLS {
            return None;
        }
        let batch = self.take_fresh(most).or_else(|| self.take_again(now, most))?;
        self.waiting -= batch.len();
        self.under_way += batch.len();
        self.calls += 1;
        Some(batch)
    }

    /// The call was answered or failed.
    pub(super) fn ended(&mut self, batch: Vec<Release>, answer: Result<Vec<bool>>, now: Instant) {
        self.calls -= 1;
        self.under_way -= batch.len();
        match answer {
            Ok(live) => {
                for (release, live) in batch.into_iter().zip(live) {
                    release.answer(Ok(live));
                }
            }
            Err(error) => self.failed(batch, &Arc::new(error), now),
        }
    }

    /// When something is to be sent.
    pub(super) fn next(&self) -> Option<Instant> {
        if self.calls == MOST_CALLS {
            return None;
        }
        self.again.first_key_value().map(|(at, _)| *at)
    }

    /// How many aren't answered.
    pub(super) fn len(&self) -> usize {
        self.waiting + self.under_way
    }

    /// How many were given up since this was last asked.
    pub(super) fn take_given_up(&mut self) -> usize {
        std::mem::take(&mut self.given_up)
    }

    fn take_fresh(&mut self, most: usize) -> Option<Vec<Release>> {
        let count = self.fresh.len().min(most);
        (count > 0).then(|| self.fresh.drain(..count).collect())
    }

    fn take_again(&mut self, now: Instant, most: usize) -> Option<Vec<Release>> {
        let due = self.again.first_entry().filter(|due| *due.key() <= now)?;
        let at = *due.key();
        let mut batch = due.remove();
        let rest = batch.split_off(batch.len().min(most));
        if !rest.is_empty() {
            self.again.insert(at, rest);
        }
        Some(batch)
    }

    fn failed(&mut self, batch: Vec<Release>, error: &Arc<Error>, now: Instant) {
        for mut release in batch {
            release.tell_failure(error);
            let at = now + release.pause();
            if error.is_transient() && at < release.until {
                debug!(lease = %release.lease.id(), space = space(&release.lease), %error, "release failed");
                release.failures += 1;
                self.waiting += 1;
                self.again.entry(at).or_default().push(release);
            } else {
                warn!(
                    lease = %release.lease.id(), space = space(&release.lease), %error,
                    "release given up: left to its TTL"
                );
                given_up(&release.lease);
                self.given_up += 1;
            }
        }
    }
}

impl Release {
    pub(super) fn lease(&self) -> &Lease {
        &self.lease
    }

    fn answer(self, answer: Result<bool>) {
        if let Some(reply) = self.reply {
            drop(reply.send(answer));
        }
    }

    /// Whoever waits isn't made to wait for the next try.
    fn tell_failure(&mut self, error: &Arc<Error>) {
        if let Some(reply) = self.reply.take() {
            let message = "the slot wasn't given back yet; the lease keeper tries again while that makes \
                           sense, and the TTL frees it at the latest";
            let told = Error::new(error.kind(), message)
                .with_operation("release")
                .with_context("lease", self.lease.id())
                .with_source(Arc::clone(error));
            drop(reply.send(Err(told)));
        }
    }

    fn pause(&self) -> Duration {
        (FIRST_PAUSE * 2_u32.saturating_pow(self.failures.min(8))).min(LONGEST_PAUSE)
    }
}

/// What the lease limits, for the log.
pub(super) fn space(lease: &Lease) -> &str {
    lease.keys().first().map_or("", |key| key.space())
}

fn given_up(lease: &Lease) {
    counter!("limiter_releases_given_up_total", "space" => space(lease).to_owned()).increment(1);
}
