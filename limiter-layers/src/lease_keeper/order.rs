//! What the keeper's task is asked to do, and the hold on a lease that it hands out.

use std::sync::Arc;

use limiter_core::{Acquired, Error, Full, Lease, LeaseId, LeaseRequest, Result, Source};
use tokio::sync::{mpsc, oneshot};

use super::phase::Phase;
use super::term::Term;

/// Who waits for a release: whether the lease was live.
pub(super) type Reply = oneshot::Sender<Result<bool>>;

/// What the task is asked.
#[derive(Debug)]
pub(super) enum Order {
    /// Ask the store for a lease.
    Acquire(Ask),
    /// Give a lease back.
    Release { id: LeaseId, reply: Option<Reply> },
    /// Give everything back and end. Whoever waits learns of the end when the sender is dropped.
    Shutdown(oneshot::Sender<()>),
}

/// Where orders are handed in. The task lives until the last one is gone.
///
/// The channel has no bound of its own, so that a drop can use it anywhere without waiting. It holds at most one
/// order for each guard that has lived, and one for each caller that waits for its acquire: the task, which never
/// waits for the store, takes them out as fast as it is scheduled, and skips those whose caller has gone.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    orders: mpsc::UnboundedSender<Order>,
    phase: Arc<Phase>,
}

/// An acquire, and who waits for it.
#[derive(Debug)]
pub(super) struct Ask {
    request: LeaseRequest,
    reply: oneshot::Sender<Result<Granted>>,
    desk: Desk,
}

/// The answer to an [`Ask`].
#[derive(Debug)]
pub(super) enum Granted {
    Held(Hold),
    Full(Full),
}

/// A lease that the keeper renews until this is dropped. Wherever that happens, on its way to a caller who has
/// gone too, the task gets the lease back.
#[derive(Debug)]
pub(super) struct Hold {
    lease: Lease,
    in_use: Vec<u64>,
    source: Source,
    term: Arc<Term>,
    desk: Desk,
    handed_back: bool,
}

impl Desk {
    pub(super) fn new(orders: mpsc::UnboundedSender<Order>, phase: Arc<Phase>) -> Self {
        Self { orders, phase }
    }

    /// Has the task acquire, and waits for it.
    pub(super) async fn acquire(&self, request: LeaseRequest) -> Result<Granted> {
        let (reply, answer) = oneshot::channel();
        let desk = self.clone();
        let order = Order::Acquire(Ask { request, reply, desk });
        let sent = self.orders.send(order).is_ok();
        match answer.await {
            Ok(answer) => answer,
            Err(_) if sent => Err(self.phase.refusal("acquire").possibly_charged()),
            Err(_) => Err(self.phase.refusal("acquire")),
        }
    }

    /// Has the task give everything back, and waits until it has ended.
    pub(super) async fn shut_down(&self) -> Result<()> {
        self.phase.close();
        let (until_it_ends, ended) = oneshot::channel();
        drop(self.orders.send(Order::Shutdown(until_it_ends)));
        drop(ended.await);
        self.phase.outcome()
    }

    async fn release(&self, id: LeaseId) -> Result<bool> {
        let (reply, answer) = oneshot::channel();
        let reply = Some(reply);
        drop(self.orders.send(Order::Release { id, reply }));
        match answer.await {
            Ok(answer) => answer,
            Err(_) if self.phase.is_closed() => Ok(false),
            Err(_) => Err(self.phase.refusal("release")),
        }
    }
}

impl Ask {
    pub(super) fn request(&self) -> &LeaseRequest {
        &self.request
    }

    /// Whether nobody waits for it any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    /// Hands the lease over. If nobody takes it, the hold comes back as an order to release.
    pub(super) fn grant(self, acquired: Acquired, term: Arc<Term>) {
        let hold = Hold {
            lease: acquired.lease,
            in_use: acquired.in_use,
            source: acquired.source,
            term,
            desk: self.desk,
            handed_back: false,
        };
        drop(self.reply.send(Ok(Granted::Held(hold))));
    }

    pub(super) fn full(self, full: Full) {
        drop(self.reply.send(Ok(Granted::Full(full))));
    }

    pub(super) fn fail(self, error: Error) {
        drop(self.reply.send(Err(error)));
    }
}

impl Hold {
    pub(super) fn lease(&self) -> &Lease {
        &self.lease
    }

    pub(super) fn in_use(&self) -> &[u64] {
        &self.in_use
    }

    pub(super) const fn source(&self) -> Source {
        self.source
    }

    pub(super) fn term(&self) -> &Term {
        &self.term
    }

    pub(super) async fn release(mut self) -> Result<bool> {
        self.handed_back = true;
        self.desk.release(self.lease.id().clone()).await
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if !self.handed_back {
            let (id, reply) = (self.lease.id().clone(), None);
            // Nobody reads any more once the task has ended: the TTL frees the lease.
            drop(self.desk.orders.send(Order::Release { id, reply }));
        }
    }
}
