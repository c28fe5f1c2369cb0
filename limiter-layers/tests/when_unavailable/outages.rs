//! Callers at once through one outage after another, with requests and answers lost: in the end nothing is held twice, every
//! slot is back, and every unit is counted once.

use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;
use limiter_core::{
    Acquired, Acquisition, Lease, LeaseRequest, Reservation, SlotLimiter, SlotLimiterExt, Source,
};
use limiter_layers::WhenUnavailable;
use limiter_layers::WhenUnavailable::{Allow, Fallback, Refuse};
use tokio::join;
use tokio::time::sleep;

use crate::rig::{Rig, S, bytes, day, streams};
use crate::store::State;

const STEPS: usize = 120;
const RUNS: u64 = 40;
/// Longer than a run: nothing goes away by itself.
const LONG: Duration = Duration::from_secs(7200);

#[tokio::test(start_paused = true)]
async fn with_refusals() {
    for seed in 0..RUNS {
        run(Refuse, seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn with_calls_let_through() {
    for seed in 0..RUNS {
        run(Allow, seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_fallback() {
    for seed in 0..RUNS {
        run(Fallback, seed).await;
    }
}

async fn run(choice: WhenUnavailable, seed: u64) {
    let rig = Rig::new(choice);
    rig.store.takes(Duration::from_millis(5));
    let mut callers = [0, 1, 2].map(|which| Caller::new(&rig, seed * 4 + which));
    let [first, second, third] = &mut callers;
    let mut weather = Rng::with_seed(seed * 4 + 3);
    let storm = async {
        loop {
            sleep(Duration::from_millis(weather.u64(50..3000))).await;
            rig.store.set(match weather.u8(0..6) {
                0 | 1 => State::Down,
                2 => State::RequestsLost,
                3 => State::AnswersLost,
                _ => State::Well,
            });
        }
    };
    tokio::select! {
        _ = async { join!(first.live(), second.live(), third.live()) } => {}
        () = storm => {}
    }
    rig.recover().await;
    let about = format!("{choice:?}, seed {seed}");
    each_is_held_once(&rig, &callers, &about).await;
    let mut settled = 0;
    for caller in &mut callers {
        caller.give_everything_back().await;
        settled += caller.settled;
    }
    rig.recover().await;
    assert_eq!(rig.held().await, (0, 0), "{about}: every slot is back");
    assert_eq!(rig.reserved().await, (0, 0), "{about}: nothing is set aside");
    let (store, fallback) = rig.used().await;
    assert_eq!(store + fallback, settled, "{about}: {store} in the store, {fallback} in the fallback");
}

/// What a caller knows to hold, the one who granted it holds, and nobody else.
async fn each_is_held_once(rig: &Rig, callers: &[Caller<'_>], about: &str) {
    let ids = async |limiter: &limiter_memory::MemoryBackend| {
        let leases = limiter.leases(&streams()).await.unwrap();
        leases.into_iter().map(|lease| lease.id.to_string()).collect::<Vec<_>>()
    };
    let (store, fallback) = (ids(&rig.store.memory).await, ids(&rig.fallback.memory).await);
    let plain: Vec<_> = fallback.iter().map(|id| id.trim_start_matches("fallback-")).collect();
    assert!(!store.iter().any(|id| plain.contains(&&**id)), "{about}: {store:?} and {fallback:?}");
    for acquired in callers.iter().flat_map(|caller| &caller.held) {
        let id = acquired.lease.id().to_string();
        let held = (store.contains(&id), fallback.contains(&id));
        let expected = (acquired.source == Source::Store, acquired.source == Source::Fallback);
        assert_eq!(held, expected, "{about}: {acquired:?}");
    }
}

/// Somebody who repeats what failed, and keeps book.
struct Caller<'a> {
    rig: &'a Rig,
    draw: Rng,
    held: Vec<Acquired>,
    failed: Vec<LeaseRequest>,
    reserved: Vec<Reservation>,
    settlements: HashMap<String, (Reservation, u64)>,
    settled: u64,
}

impl<'a> Caller<'a> {
    fn new(rig: &'a Rig, seed: u64) -> Self {
        Self {
            rig,
            draw: Rng::with_seed(seed),
            held: Vec::new(),
            failed: Vec::new(),
            reserved: Vec::new(),
            settlements: HashMap::new(),
            settled: 0,
        }
    }

    async fn live(&mut self) {
        for _ in 0..STEPS {
            match self.draw.u8(0..12) {
                0..3 => self.acquire().await,
                3..5 => self.release().await,
                5 => self.renew().await,
                6..9 => self.reserve().await,
                9..11 => self.settle().await,
                _ => self.settle_again().await,
            }
            sleep(Duration::from_millis(self.draw.u64(0..300))).await;
        }
    }

    async fn acquire(&mut self) {
        let new = || {
            let scope = limiter_core::Scope::new(streams(), 1000);
            LeaseRequest::new([scope], LONG).unwrap()
        };
        let request = if self.draw.bool() { self.failed.pop().unwrap_or_else(new) } else { new() };
        match self.rig.backend.slots.acquire(&request).await {
            Ok(Acquisition::Acquired(acquired)) => self.held.push(acquired),
            Ok(Acquisition::Full(full)) => panic!("{full:?}"),
            Err(_) => self.failed.push(request),
        }
    }

    async fn release(&mut self) {
        let mut leases: Vec<Lease> = self.held.pop().map(|acquired| acquired.lease).into_iter().collect();
        if self.draw.bool() {
            leases.extend(self.failed.pop().map(|request| request.lease()));
        }
        let answers = self.rig.backend.slots.release(&leases).await.unwrap();
        assert_eq!(answers.len(), leases.len());
    }

    /// What the store doesn't know any more was lost: an acquire whose answer came when nobody could be asked.
    async fn renew(&mut self) {
        let leases: Vec<Lease> = self.held.iter().map(|acquired| acquired.lease.clone()).collect();
        if let Ok(live) = self.rig.backend.slots.renew(&leases).await {
            assert!(live.iter().all(|live| *live), "{:?}: {live:?}", self.held);
        }
    }

    async fn reserve(&mut self) {
        let charge = limiter_core::QuotaCharge::new(bytes(), day(), self.draw.u64(0..50));
        let reservation = Reservation::new([charge], LONG).unwrap();
        for _ in 0..self.draw.u8(1..4) {
            if self.rig.backend.quotas.reserve(&reservation).await.is_ok() {
                break;
            }
        }
        self.reserved.push(reservation);
    }

    async fn settle(&mut self) {
        let Some(reservation) = self.reserved.pop() else { return };
        let units = self.draw.u64(0..60);
        self.rig.backend.quotas.settle(&reservation.settlement(&[units]).unwrap()).await.unwrap();
        self.settled += units;
        self.settlements.insert(reservation.id().to_string(), (reservation, units));
    }

    async fn settle_again(&mut self) {
        let Some((reservation, units)) = self.draw.choice(self.settlements.values()) else { return };
        self.rig.backend.quotas.settle(&reservation.settlement(&[*units]).unwrap()).await.unwrap();
    }

    async fn give_everything_back(&mut self) {
        while !self.reserved.is_empty() {
            self.settle().await;
        }
        for acquired in self.held.drain(..) {
            assert!(self.rig.backend.slots.release_one(&acquired.lease).await.unwrap(), "{acquired:?}");
        }
        for request in self.failed.drain(..) {
            self.rig.backend.slots.release_one(&request.lease()).await.unwrap();
        }
        sleep(S).await;
    }
}
