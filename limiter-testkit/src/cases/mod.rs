//! The cases: each an async function that puts one promise to the proof, over the traits, with keys of its own.
//!
//! [`suite!`](crate::suite!) stamps a test of each that a backend's capabilities call for. One alone is called like
//! any function, with a [`Trial`]. A case prepares each counter by calls that succeed and then looks at it once, so
//! that a fault breaks the promise that it breaks and no other.

mod case;
mod clients;
pub mod control;
mod crowd;
pub mod durable;
pub mod quotas;
pub mod rates;
mod registry;
pub mod shared;
pub mod slots;

use std::future::IntoFuture;

use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::trial::Trial;

pub use case::{Case, Needs};

/// Every case that there is.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [rates::ALL, slots::ALL, quotas::ALL, control::ALL, shared::ALL, durable::ALL].into_iter().flatten()
}

/// Puts every case of a group that applies to the proof, one after the other, each on a candidate of its own: for
/// programs. Tests are stamped by [`suite!`](crate::suite!).
///
/// # Errors
/// How the first promise was broken that was.
pub async fn prove<F>(group: &str, make: impl Fn() -> F) -> Kept
where
    F: IntoFuture<Output = Candidate>,
{
    for case in all().filter(|case| case.group() == group) {
        let candidate = make().await;
        if case.applies_to(&candidate) {
            case.run(&candidate, &Trial::of(&candidate)).await?;
        }
    }
    Ok(())
}
