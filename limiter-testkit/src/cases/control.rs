//! What every backend promises apart from limiting.

use std::time::Duration;

use limiter_core::{
    Backend, Charge, ErrorKind, Key, LeaseRequest, Limit, Period, Quota, QuotaCharge, Reservation, Result,
    Scope,
};
use tokio::time::timeout;

use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::trial::{Promise, Trial};

/// How long a call may take to end once the backend was shut down.
const SOON: Duration = Duration::from_secs(5);
const MINUTE: Duration = Duration::from_secs(60);

/// The store answers a ping.
pub async fn a_store_that_is_there_answers(candidate: &Candidate, trial: &Trial) -> Kept {
    let promise = trial.promise("a store that is there answers");
    let pong = candidate.backend().control.ping().await;
    pong.map_err(|error| promise.broken("ping", "an answer", error))
}

/// The backend says in words what it is.
pub async fn a_backend_says_what_it_is(candidate: &Candidate, trial: &Trial) -> Kept {
    let promise = trial.promise("a backend says what it is");
    let words = candidate.backend().control.describe();
    expect(&promise, !words.trim().is_empty(), "describe", "what it is, in words", format!("{words:?}"))
}

/// A backend that declares `immediate` has the answer to every hit at hand, whether the counter was used before or
/// not, and whether the hit fits or not. Of others nothing is asked.
pub async fn hits_declared_immediate_are_answered_at_once(candidate: &Candidate, trial: &Trial) -> Kept {
    let promise = trial.promise("hits declared immediate are answered at once");
    if !candidate.capabilities().immediate {
        return Ok(());
    }
    let (key, limit) = (promise.key("user")?, Limit::fixed_window(2, Duration::from_secs(366 * 86_400))?);
    for asked in ["a new counter", "a used counter", "a full counter"] {
        let answer = candidate.backend().rates.hit_now(&[Charge::new(&key, &limit)]);
        expect(&promise, answer.is_some(), &format!("hit_now on {asked}"), "an answer", "None")?;
    }
    Ok(())
}

/// A backend that was shut down leaves nobody waiting: every call ends within 5 s, with an answer or with an error.
pub async fn calls_end_after_a_shutdown(candidate: &Candidate, trial: &Trial) -> Kept {
    let promise = trial.promise("calls end after a shutdown");
    let backend = candidate.backend();
    let (user, limit) = (promise.key("user")?, Limit::fixed_window(5, MINUTE)?);
    let quota = Quota::new(5, Period::Day)?;
    hit(backend, &user, &limit).await.map_err(|error| promise.broken("a hit", "an answer", error))?;
    shut_down(&promise, backend, "a shutdown").await?;
    let request = LeaseRequest::new([Scope::new(promise.key("streams")?, 1)], MINUTE)?;
    let charge = QuotaCharge::new(promise.key("bytes")?, quota, 1);
    let reservation = Reservation::new([charge], MINUTE)?;
    let (hits, slots, quotas) = tokio::join!(
        timeout(SOON, hit(backend, &user, &limit)),
        timeout(SOON, backend.slots.acquire(&request)),
        timeout(SOON, backend.quotas.reserve(&reservation)),
    );
    for (call, ended) in
        [("a hit", hits.is_ok()), ("an acquire", slots.is_ok()), ("a reserve", quotas.is_ok())]
    {
        let asked = format!("{call} after the shutdown");
        expect(&promise, ended, &asked, "an answer or an error", format!("nothing for {SOON:?}"))?;
    }
    Ok(())
}

/// A call after the shutdown that isn't answered says that the store is unavailable, so that callers treat it as they
/// treat an outage.
pub async fn a_call_after_a_shutdown_is_answered_or_unavailable(
    candidate: &Candidate,
    trial: &Trial,
) -> Kept {
    let promise = trial.promise("a call after a shutdown is answered or unavailable");
    let backend = candidate.backend();
    let (user, limit) = (promise.key("user")?, Limit::fixed_window(5, MINUTE)?);
    shut_down(&promise, backend, "a shutdown").await?;
    match timeout(SOON, hit(backend, &user, &limit)).await {
        Ok(Err(error)) => {
            let unavailable = error.kind() == ErrorKind::Unavailable;
            expect(&promise, unavailable, "a hit after the shutdown", "an answer or `Unavailable`", error)
        }
        _ => Ok(()),
    }
}

/// Shutting down twice does no more than once.
pub async fn a_second_shutdown_does_nothing(candidate: &Candidate, trial: &Trial) -> Kept {
    let promise = trial.promise("a second shutdown does nothing");
    shut_down(&promise, candidate.backend(), "a shutdown").await?;
    shut_down(&promise, candidate.backend(), "a second shutdown").await
}

async fn hit(backend: &Backend, key: &Key, limit: &Limit) -> Result<()> {
    backend.rates.hit(&[Charge::new(key, limit)]).await.map(drop)
}

async fn shut_down(promise: &Promise, backend: &Backend, asked: &str) -> Kept {
    match timeout(SOON, backend.control.shutdown()).await {
        Ok(ended) => ended.map_err(|error| promise.broken(asked, "that it ends without an error", error)),
        Err(_) => Err(promise.broken(asked, "that it ends", format!("nothing for {SOON:?}"))),
    }
}

fn expect(promise: &Promise, met: bool, asked: &str, wanted: &str, got: impl std::fmt::Display) -> Kept {
    if met { Ok(()) } else { Err(promise.broken(asked, wanted, got)) }
}

/// The cases of the whole backend, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __control_cases {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* control
            plain {
                a_store_that_is_there_answers
                a_backend_says_what_it_is
                hits_declared_immediate_are_answered_at_once
                calls_end_after_a_shutdown
                a_call_after_a_shutdown_is_answered_or_unavailable
                a_second_shutdown_does_nothing
            }
            clock {}
            together {}
            together_clock {}
            apart {}
        }
    };
}

crate::__control_cases!(__registry);
