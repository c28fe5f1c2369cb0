//! Faults that show when callers meet.

use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquired, Acquisition, Full, HeldLease, Key, Lease, LeaseRequest, ManualClock, Result, Scope,
    SlotLimiter, Source,
};

use super::book::{Book, Call, count, put, remove};
use super::faulty::{Faulty, breaks, breaks_all};
use super::rules::{self, Rules};
use crate::judge::{caught_by, caught_by_none, with_slots};

/// Looks whether there is room, and takes it in a second step.
#[derive(Debug, Default)]
struct ChecksThenWrites;

impl Rules for ChecksThenWrites {
    fn is_one_step(&self, call: Call, _keys: usize) -> bool {
        call != Call::Acquire
    }
}

// It shows wherever callers meet.
#[test]
fn checks_then_writes() {
    breaks_all::<ChecksThenWrites>(&[
        "of_many_callers_at_once_exactly_the_cap_get_in",
        "callers_that_come_and_go_are_never_more_than_the_cap",
        "of_callers_in_different_orders_exactly_one_gets_in",
    ]);
}

/// Reads a key's leases and writes them back without the one that is released.
#[derive(Debug, Default)]
struct ReleasesInTwoSteps;

impl Rules for ReleasesInTwoSteps {
    fn is_one_step(&self, call: Call, _keys: usize) -> bool {
        call != Call::Release
    }
}

#[test]
fn releases_in_two_steps() {
    breaks::<ReleasesInTwoSteps>("callers_that_come_and_go_are_never_more_than_the_cap");
}

/// Reads a lease and writes it back with another expiry.
#[derive(Debug, Default)]
struct RenewsInTwoSteps;

impl Rules for RenewsInTwoSteps {
    fn is_one_step(&self, call: Call, _keys: usize) -> bool {
        call != Call::Renew
    }
}

#[test]
fn renews_in_two_steps() {
    breaks::<RenewsInTwoSteps>("a_renewal_that_meets_a_release_brings_nothing_back");
}

/// All rules as they should be.
#[derive(Debug, Default)]
struct Right;

impl Rules for Right {}

#[test]
fn right() {
    caught_by_none(|| with_slots(Faulty::<Right>::new));
}

/// How a backend acquires that is right in all else.
#[async_trait]
trait Acquires: std::fmt::Debug + Send + Sync + 'static {
    async fn acquire(right: &Faulty<Right>, request: &LeaseRequest) -> Result<Acquisition>;
}

/// A backend that acquires in its own way.
#[derive(Debug)]
struct Acquiring<A>(Faulty<Right>, std::marker::PhantomData<A>);

impl<A> Acquiring<A> {
    fn new(clock: ManualClock) -> Self {
        Self(Faulty::new(clock), std::marker::PhantomData)
    }
}

#[async_trait]
impl<A: Acquires> SlotLimiter for Acquiring<A> {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        A::acquire(&self.0, request).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.0.renew(leases).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.0.release(leases).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.0.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.0.leases(key).await
    }
}

/// The time in which others come between two steps.
async fn round_trip() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}

/// Looks whether the id is there, and adds it in a second step.
#[derive(Debug)]
struct AddsInTwoSteps;

#[async_trait]
impl Acquires for AddsInTwoSteps {
    async fn acquire(right: &Faulty<Right>, request: &LeaseRequest) -> Result<Acquisition> {
        let (lease, id) = (request.lease(), request.id());
        let is_new = |books: &mut [Book], _| !books.iter().flatten().any(|held| held.id == *id);
        let is_new = right.with_books(Call::Acquire, lease.keys(), is_new).await;
        if is_new {
            round_trip().await;
        }
        let add = |books: &mut [Book], now_ms| {
            let came_first = books.iter().flatten().any(|held| held.id == *id);
            let answer = rules::acquire(&Right, books, request, now_ms);
            if is_new && came_first {
                for book in books {
                    book.push(rules::held(&Right, request, now_ms));
                }
            }
            answer
        };
        right.with_books(Call::Acquire, lease.keys(), add).await
    }
}

#[test]
fn adds_in_two_steps() {
    caught_by("slots::an_acquire_sent_several_times_at_once_is_counted_once", || {
        with_slots(Acquiring::<AddsInTwoSteps>::new)
    });
}

/// Takes one scope after the other, and gives back what it has when one refuses.
#[derive(Debug)]
struct TakesScopeByScope;

#[async_trait]
impl Acquires for TakesScopeByScope {
    async fn acquire(right: &Faulty<Right>, request: &LeaseRequest) -> Result<Acquisition> {
        let lease = request.lease();
        let judge = |books: &mut [Book], now_ms| rules::acquire(&Right, &mut books.to_vec(), request, now_ms);
        let answer = right.with_books(Call::Acquire, lease.keys(), judge).await?;
        if !answer.is_acquired() {
            return Ok(answer);
        }
        for (denied_by, scope) in request.scopes().iter().enumerate() {
            round_trip().await;
            if !take(right, request, scope).await {
                round_trip().await;
                let give_back = |books: &mut [Book], _| remove(books, request.id());
                right.with_books(Call::Release, lease.keys(), give_back).await;
                return Ok(Acquisition::Full(Full {
                    denied_by,
                    in_use: vec![0; lease.keys().len()],
                    source: Source::Store,
                }));
            }
        }
        let in_use = |books: &mut [Book], now_ms| rules::in_use(&Right, books, now_ms);
        let in_use = right.with_books(Call::Tell, lease.keys(), in_use).await;
        Ok(Acquisition::Acquired(Acquired { lease, in_use, source: Source::Store }))
    }
}

/// Takes one scope, where there is room or the id stands in it.
async fn take(right: &Faulty<Right>, request: &LeaseRequest, scope: &Scope) -> bool {
    let take = |books: &mut [Book], now_ms| {
        let own = rules::find(&Right, &books[0], request.id(), now_ms, Call::Acquire).is_some();
        let fits = own || rules::permits(&Right, &books[0], now_ms, Call::Acquire) < count(scope.cap());
        if fits {
            put(&mut books[0], rules::held(&Right, request, now_ms));
        }
        fits
    };
    right.with_books(Call::Acquire, std::slice::from_ref(scope.key()), take).await
}

#[test]
fn takes_scope_by_scope() {
    caught_by("slots::of_callers_in_different_orders_exactly_one_gets_in", || {
        with_slots(Acquiring::<TakesScopeByScope>::new)
    });
}
