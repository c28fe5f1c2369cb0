//! Faults of slots, and the laws that they break.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Clock, EXACT, Lease, LeaseId, LeaseRequest, ManualClock, Result, Scope, SlotLimiter,
    SlotLimiterExt, Source,
};
use limiter_testkit::Model;
use limiter_testkit::laws::slots::{self, calls, calls_with_steps_back};

use crate::judge::broken_within;
use crate::wrong::{SlotFault, Wrong};

fn with<F>(fault: F) -> impl FnOnce(ManualClock) -> Wrong<F> {
    |clock| Wrong { model: Model::new(clock), fault }
}

/// A request with other caps, for another time.
fn changed(request: &LeaseRequest, ttl_ms: u64, cap: impl Fn(u64) -> u64) -> LeaseRequest {
    let scopes: Vec<_> =
        request.scopes().iter().map(|scope| Scope::new(scope.key().clone(), cap(scope.cap()))).collect();
    let changed = LeaseRequest::new(scopes, Duration::from_millis(ttl_ms)).unwrap();
    changed.with_permits(request.permits()).unwrap().with_id(request.id().clone())
}

/// Grants one more than the cap.
#[derive(Debug)]
struct OneMore;

#[async_trait]
impl SlotFault for OneMore {
    async fn acquire(&self, model: &Model, request: &LeaseRequest) -> Result<Acquisition> {
        model.acquire(&changed(request, request.ttl_ms(), |cap| cap + 1)).await
    }
}

#[test]
fn one_more_than_the_cap() {
    let why = broken_within(2, with(OneMore), &calls(&[1, 5], 1..60), async |wrong, trial, calls| {
        slots::never_more_than_the_cap_at_a_time(wrong, trial, calls).await
    });
    assert!(why.contains("at most 1 held of key 0, not 2"), "{why}");
}

/// A renewal brings a lost lease back to life, whoever holds its slot by now.
#[derive(Debug, Default)]
struct Revives(Mutex<HashMap<LeaseId, LeaseRequest>>);

#[async_trait]
impl SlotFault for Revives {
    async fn acquire(&self, model: &Model, request: &LeaseRequest) -> Result<Acquisition> {
        let answer = model.acquire(request).await?;
        if answer.is_acquired() {
            self.0.lock().unwrap().insert(request.id().clone(), request.clone());
        }
        Ok(answer)
    }

    async fn renew(&self, model: &Model, leases: &[Lease]) -> Result<Vec<bool>> {
        let live = model.renew(leases).await?;
        let request = self.0.lock().unwrap().get(leases[0].id()).cloned();
        match request.filter(|_| !live[0]) {
            Some(request) => {
                let again = changed(&request, leases[0].ttl_ms(), |_| EXACT);
                Ok(vec![model.acquire(&again).await?.is_acquired()])
            }
            None => Ok(live),
        }
    }
}

#[test]
fn a_renewal_that_revives() {
    broken_within(4, with(Revives::default()), &calls(&[1, 5], 1..60), async |wrong, trial, calls| {
        slots::never_more_than_the_cap_at_a_time(wrong, trial, calls).await
    });
}

/// Counts an acquire that is repeated a second time: its own permits are in its way.
#[derive(Debug)]
struct InItsOwnWay;

#[async_trait]
impl SlotFault for InItsOwnWay {
    async fn acquire(&self, model: &Model, request: &LeaseRequest) -> Result<Acquisition> {
        for (place, scope) in request.scopes().iter().enumerate() {
            if model.in_use(scope.key()).await?.saturating_add(request.permits()) > scope.cap() {
                let mut in_use = Vec::new();
                for scope in request.scopes() {
                    in_use.push(model.in_use(scope.key()).await?);
                }
                return Ok(Acquisition::Full(limiter_core::Full {
                    denied_by: place,
                    in_use,
                    source: Source::Store,
                }));
            }
        }
        model.acquire(request).await
    }
}

#[test]
fn a_repeated_acquire_that_is_denied() {
    broken_within(2, with(InItsOwnWay), &calls(&[1, 5], 1..60), async |wrong, trial, calls| {
        slots::every_answer_is_what_the_list_of_holders_says(wrong, trial, calls).await
    });
}

/// Lets leases go as soon as the clock steps back.
#[derive(Debug)]
struct GoneWhenBack {
    clock: ManualClock,
    latest_ms: Mutex<u64>,
    leases: Mutex<Vec<Lease>>,
}

#[async_trait]
impl SlotFault for GoneWhenBack {
    async fn acquire(&self, model: &Model, request: &LeaseRequest) -> Result<Acquisition> {
        let now_ms = self.clock.now_ms();
        let back = now_ms < std::mem::replace(&mut *self.latest_ms.lock().unwrap(), now_ms);
        let leases = std::mem::take(&mut *self.leases.lock().unwrap());
        for lease in leases {
            if back {
                model.release_one(&lease).await?;
            } else {
                self.leases.lock().unwrap().push(lease);
            }
        }
        self.leases.lock().unwrap().push(request.lease());
        model.acquire(request).await
    }
}

#[test]
fn a_step_back_that_ends_leases() {
    let make = |clock: ManualClock| Wrong {
        model: Model::new(clock.clone()),
        fault: GoneWhenBack { clock, latest_ms: Mutex::default(), leases: Mutex::default() },
    };
    broken_within(2, make, &calls_with_steps_back(&[1, 5], 1..60), async |wrong, trial, calls| {
        slots::a_step_back_of_the_clock_cuts_no_lease_short(wrong, trial, calls).await
    });
}
