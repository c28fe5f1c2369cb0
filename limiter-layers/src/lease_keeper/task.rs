//! The keeper's task: keeps the book, and never waits for the store.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Acquired, Acquisition, Error, ErrorKind, Lease, LeaseId, Result, SlotLimiter};
use metrics::counter;
use tokio::select;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, warn};

use super::call::{self, Ended};
use super::held::{Due, HeldLeases};
use super::order::{Ask, Order, Reply};
use super::pace::Pace;
use super::phase::Phase;
use super::releases::{Releases, space};

/// How many leases go in one call at most.
const BATCH: usize = 500;
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);
const NOTHING_TO_DO: Duration = Duration::from_secs(3600);

/// What the task knows. Store calls run as tasks of their own, in `calls`; all else happens between two awaits.
#[derive(Debug)]
pub(super) struct Task {
    slots: Arc<dyn SlotLimiter>,
    orders: mpsc::UnboundedReceiver<Order>,
    phase: Arc<Phase>,
    held: HeldLeases,
    releases: Releases,
    calls: JoinSet<Ended>,
    acquiring: usize,
    abandoned: bool,
    closing: Option<Closing>,
}

/// A shutdown that is under way: until when, and who waits for it.
#[derive(Debug)]
struct Closing {
    until: Instant,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Task {
    pub(super) fn new(
        slots: Arc<dyn SlotLimiter>,
        orders: mpsc::UnboundedReceiver<Order>,
        phase: Arc<Phase>,
    ) -> Self {
        Self {
            slots,
            orders,
            phase,
            held: HeldLeases::default(),
            releases: Releases::default(),
            calls: JoinSet::new(),
            acquiring: 0,
            abandoned: false,
            closing: None,
        }
    }

    /// Runs until everybody who could give an order has gone and everything is released, or until a shutdown
    /// has ended. A shutdown's waiters learn of it when the task is dropped.
    pub(super) async fn run(mut self, shutdown_timeout: Duration) {
        let mut orders = Vec::new();
        while !self.is_done(Instant::now()) {
            let wake = self.next().unwrap_or_else(|| Instant::now() + NOTHING_TO_DO);
            select! {
                count = self.orders.recv_many(&mut orders, BATCH), if !self.abandoned => {
                    self.abandoned = count == 0;
                    for order in orders.drain(..) {
                        self.obey(order, shutdown_timeout);
                    }
                }
                Some(Ok(ended)) = self.calls.join_next() => self.learn(ended),
                () = sleep_until(wake) => {}
            }
            self.act(Instant::now());
        }
        if self.closing.is_some() {
            let left = self.releases.len() + self.releases.take_given_up() + self.acquiring;
            self.phase.closed(left);
        }
    }

    fn is_done(&self, now: Instant) -> bool {
        let idle = self.releases.len() == 0 && self.acquiring == 0;
        match &self.closing {
            Some(closing) => idle || closing.until <= now,
            None => idle && self.abandoned,
        }
    }

    fn next(&self) -> Option<Instant> {
        let closing = self.closing.as_ref().map(|closing| closing.until);
        let times = [self.held.next(), self.releases.next(), closing];
        times.into_iter().flatten().min()
    }

    fn obey(&mut self, order: Order, shutdown_timeout: Duration) {
        match order {
            Order::Acquire(ask) => self.acquire(ask),
            Order::Release { id, reply } => self.release(&id, reply),
            Order::Shutdown(waiting) => self.close(waiting, shutdown_timeout),
        }
    }

    fn learn(&mut self, ended: Ended) {
        match ended {
            Ended::Acquire { ask, sent, answer } => self.acquired(ask, sent, answer),
            Ended::Renew { due, sent, answer } => self.renewed(&due, sent, answer),
            Ended::Release { batch, answer } => self.releases.ended(batch, answer, Instant::now()),
        }
    }

    /// Does what the time asks for.
    fn act(&mut self, now: Instant) {
        while let Some(lease) = self.held.take_ended(now) {
            self.lost(lease, "no renewal succeeded in time");
        }
        while let Some(due) = self.held.due(now, BATCH) {
            self.calls.spawn(call::renew(Arc::clone(&self.slots), due, now));
        }
        while let Some(batch) = self.releases.take(now, BATCH) {
            let slots = Arc::clone(&self.slots);
            self.calls.spawn(call::release(slots, batch, now + RELEASE_TIMEOUT));
        }
    }

    fn acquire(&mut self, ask: Ask) {
        if ask.is_abandoned() {
            return;
        }
        if self.closing.is_some() {
            return ask.fail(self.phase.refusal("acquire"));
        }
        let sent = Instant::now();
        let until = Pace::new(ask.request().ttl_ms()).ends(sent);
        self.acquiring += 1;
        self.calls.spawn(call::acquire(Arc::clone(&self.slots), ask, sent, until));
    }

    fn acquired(&mut self, ask: Ask, sent: Instant, answer: Result<Acquisition>) {
        self.acquiring -= 1;
        match answer {
            Ok(Acquisition::Acquired(acquired)) => self.granted(ask, sent, acquired),
            Ok(Acquisition::Full(full)) => ask.full(full),
            Err(error) => {
                if call::may_be_done(&error) {
                    self.releases.push_uncertain(ask.request().lease(), Instant::now());
                }
                ask.fail(error);
            }
        }
    }

    fn granted(&mut self, ask: Ask, sent: Instant, acquired: Acquired) {
        let now = Instant::now();
        if self.closing.is_some() {
            self.releases.push(acquired.lease, None, now);
            ask.fail(self.phase.refusal("acquire"));
        } else if Pace::new(acquired.lease.ttl_ms()).ends(sent) <= now {
            self.releases.push(acquired.lease, None, now);
            ask.fail(too_late());
        } else {
            let term = self.held.hold(acquired.lease.clone(), acquired.source, sent);
            ask.grant(acquired, term);
        }
    }

    fn renewed(&mut self, due: &Due, sent: Instant, answer: Result<Vec<bool>>) {
        self.held.ended(due);
        match answer {
            Ok(live) => {
                for (lease, live) in due.leases.iter().zip(live) {
                    self.renewed_one(lease.id(), sent, live);
                }
            }
            Err(error) => {
                debug!(leases = due.leases.len(), %error, "renewal failed");
                for lease in &due.leases {
                    self.held.not_renewed(lease.id(), sent, Instant::now());
                }
            }
        }
    }

    fn renewed_one(&mut self, id: &LeaseId, sent: Instant, live: bool) {
        if live && self.held.renewed(id, sent) {
            return;
        }
        if let Some(lease) = self.held.take(id) {
            self.lost(lease, if live { "renewed too late" } else { "not live any more" });
        }
    }

    /// A lease that is lost is released too: it may stand in the store still, where nobody holds it.
    fn lost(&mut self, lease: Lease, why: &str) {
        warn!(lease = %lease.id(), space = space(&lease), why, "lease lost");
        counter!("limiter_leases_lost_total", "space" => space(&lease).to_owned()).increment(1);
        self.releases.push_uncertain(lease, Instant::now());
    }

    fn release(&mut self, id: &LeaseId, reply: Option<Reply>) {
        match (self.held.take(id), reply) {
            (Some(lease), reply) => self.releases.push(lease, reply, Instant::now()),
            (None, Some(reply)) => drop(reply.send(Ok(false))),
            (None, None) => {}
        }
    }

    fn close(&mut self, waiting: oneshot::Sender<()>, shutdown_timeout: Duration) {
        if let Some(closing) = &mut self.closing {
            return closing.waiting.push(waiting);
        }
        self.releases.take_given_up();
        let now = Instant::now();
        for lease in self.held.take_all() {
            self.releases.push(lease, None, now);
        }
        self.closing = Some(Closing { until: now + shutdown_timeout, waiting: vec![waiting] });
    }
}

fn too_late() -> Error {
    let message = "granted, but the answer took longer than the lease may be relied on; it is given back";
    Error::new(ErrorKind::Timeout, message).with_operation("acquire")
}
