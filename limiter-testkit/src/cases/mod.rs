//! The cases: each an async function that puts one promise to the proof, over the traits, with keys of its own.
//!
//! [`suite!`](crate::suite!) stamps a test of each that a backend's capabilities call for. One alone is called like
//! any function, with a [`Trial`]. A case prepares each counter by calls that succeed and then looks at it once, so
//! that a fault breaks the promise that it breaks and no other.

pub mod control;
pub mod quotas;
pub mod rates;
pub mod slots;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::trial::Trial;

/// What a case needs of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: every backend keeps it.
    Nothing,
    /// Time that is handed in.
    Clock,
    /// Several keys in one step.
    Together,
    /// Several keys in one step, and time that is handed in.
    TogetherAndClock,
    /// That a call over several keys isn't atomic: then it must still never admit too much.
    Apart,
    /// Counts that several processes share.
    Shared,
    /// Counts that outlive the process.
    Durable,
}

type Running<'a> = Pin<Box<dyn Future<Output = Kept> + Send + 'a>>;

/// A case, as the suite knows it.
#[derive(Clone, Copy)]
pub struct Case {
    #[doc(hidden)]
    pub group: &'static str,
    #[doc(hidden)]
    pub name: &'static str,
    #[doc(hidden)]
    pub needs: Needs,
    #[doc(hidden)]
    pub run: for<'a> fn(&'a Candidate, &'a Trial) -> Running<'a>,
}

impl Case {
    /// What it is about: `rates`, `slots`, `quotas` or `control`.
    pub const fn group(&self) -> &'static str {
        self.group
    }

    /// The promise, as the name of the function.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it needs of a backend.
    pub const fn needs(&self) -> Needs {
        self.needs
    }

    /// Whether the candidate declares what it needs.
    pub fn applies_to(&self, candidate: &Candidate) -> bool {
        let (can, clock) = (candidate.capabilities(), candidate.clock().is_some());
        let together = can.atomic_keys || candidate.partition().is_some();
        match self.needs {
            Needs::Nothing => true,
            Needs::Clock => clock,
            Needs::Together => together,
            Needs::TogetherAndClock => together && clock,
            Needs::Apart => !together,
            Needs::Shared => can.shared,
            Needs::Durable => can.durable,
        }
    }

    /// Puts the promise to the proof.
    ///
    /// # Errors
    /// How it was broken.
    pub async fn run(&self, candidate: &Candidate, trial: &Trial) -> Kept {
        (self.run)(candidate, trial).await
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.group, self.name)
    }
}

/// Every case that there is.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [rates::ALL, slots::ALL, quotas::ALL, control::ALL].into_iter().flatten()
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

/// The cases of a group as data: from a list of names by what they need. `$part` is the part of the backend that
/// a case is handed.
#[doc(hidden)]
#[macro_export]
macro_rules! __registry {
    ($group:ident
        plain { $($plain:ident)* }
        clock { $($clock:ident)* }
        together { $($together:ident)* }
        together_clock { $($together_clock:ident)* }
        apart { $($apart:ident)* }
        shared { $($shared:ident)* }
        durable { $($durable:ident)* }
    ) => {
        pub(super) const ALL: &[$crate::cases::Case] = &[
            $($crate::__case!($group $plain Nothing part),)*
            $($crate::__case!($group $clock Clock part),)*
            $($crate::__case!($group $together Together part),)*
            $($crate::__case!($group $together_clock TogetherAndClock part),)*
            $($crate::__case!($group $apart Apart part),)*
            $($crate::__case!($group $shared Shared whole),)*
            $($crate::__case!($group $durable Durable whole),)*
        ];
    };
}

/// One case as data. It is handed the part of the backend that it is about, or the whole candidate.
#[doc(hidden)]
#[macro_export]
macro_rules! __case {
    (control $case:ident $needs:ident $what:ident) => { $crate::__case!(@ control $case $needs |candidate| candidate) };
    ($group:ident $case:ident $needs:ident whole) => { $crate::__case!(@ $group $case $needs |candidate| candidate) };
    ($group:ident $case:ident $needs:ident part) => {
        $crate::__case!(@ $group $case $needs |candidate| &candidate.backend().$group)
    };
    (@ $group:ident $case:ident $needs:ident |$candidate:ident| $what:expr) => {
        $crate::cases::Case {
            group: stringify!($group),
            name: stringify!($case),
            needs: $crate::cases::Needs::$needs,
            run: |$candidate, trial| Box::pin($crate::cases::$group::$case($what, trial)),
        }
    };
}
