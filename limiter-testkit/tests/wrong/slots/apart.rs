//! Backends whose calls over several keys aren't one step, right ones and wrong ones.

use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Backend, Capabilities, Control, Error, ErrorKind, LeaseRequest, ManualClock, Result,
};
use limiter_testkit::{Candidate, Model};

use super::book::{Book, Call};
use super::faulty::Faulty;
use super::rules::{self, Rules};
use super::scopes::FirstScopesKeep;
use crate::judge::{START_MS, caught_by, caught_by_all, caught_by_none};

/// Says that calls over several keys aren't one step.
#[derive(Debug)]
struct Apart;

#[async_trait]
impl Control for Apart {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "a model of which calls over several keys are taken apart".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE
    }
}

fn apart<R: Rules>() -> Candidate {
    let clock = ManualClock::new(START_MS);
    let model = Backend::new("apart", Arc::new(Model::new(clock.clone())));
    let mut backend = model.with_slots(Arc::new(Faulty::<R>::new(clock.clone())));
    backend.control = Arc::new(Apart);
    Candidate::new(backend).with_clock(clock)
}

/// Right, and in one step although it needn't be.
#[derive(Debug, Default)]
struct OneStep;

impl Rules for OneStep {}

#[test]
fn one_step() {
    caught_by_none(apart::<OneStep>);
}

/// Takes one scope at a time.
#[derive(Debug, Default)]
struct OneAtATime;

impl Rules for OneAtATime {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        if books.len() > 1 {
            return Err(Error::new(ErrorKind::Unsupported, "several scopes in one call"));
        }
        rules::acquire(self, books, request, now_ms)
    }
}

#[test]
fn one_at_a_time() {
    caught_by_none(apart::<OneAtATime>);
}

/// Finds out that it can't hold several scopes when it holds them.
#[derive(Debug, Default)]
struct HeldAndUnsupported;

impl Rules for HeldAndUnsupported {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let answer = rules::acquire(self, books, request, now_ms)?;
        if books.len() > 1 && answer.is_acquired() {
            return Err(Error::new(ErrorKind::Unsupported, "several scopes in one call"));
        }
        Ok(answer)
    }
}

// Nobody releases what nobody was granted.
#[test]
fn held_and_unsupported() {
    let cases = [
        "slots::a_lease_over_scopes_apart_stands_in_all_or_is_unsupported",
        "slots::callers_over_scopes_apart_are_never_more_than_a_cap",
    ];
    caught_by_all(&cases, apart::<HeldAndUnsupported>);
}

#[test]
fn first_scopes_keep() {
    caught_by("slots::what_a_scope_apart_refuses_is_given_back", apart::<FirstScopesKeep>);
}

/// Looks whether there is room in all scopes, and takes it in a second step.
#[derive(Debug, Default)]
struct ChecksAllThenWrites;

impl Rules for ChecksAllThenWrites {
    fn is_one_step(&self, call: Call, keys: usize) -> bool {
        call != Call::Acquire || keys == 1
    }
}

#[test]
fn checks_all_then_writes() {
    caught_by("slots::callers_over_scopes_apart_are_never_more_than_a_cap", apart::<ChecksAllThenWrites>);
}
