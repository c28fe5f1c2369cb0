//! Laws: what must hold of every history of calls, put to the proof over histories that are drawn.
//!
//! A law is an async function over a backend, a [`Trial`](crate::Trial) on the clock that the backend was handed, what
//! limits it, and a history. It answers [`Kept`](crate::Kept): nothing, or which promise was broken, by what call, what
//! was wanted and what came. Each history has keys of its own, so one backend serves all of them. The laws don't ask
//! core's algorithms: what they judge by is the list of everything that was admitted, held or recorded before, and the
//! definitions (see [`oracle`]).
//!
//! [`suite!`](crate::suite!) stamps a test of each law, over limits that are drawn too. By your own limits, you hold
//! your backend to a law in a test of your own: [`rates::histories`], [`slots::calls`] and [`quotas::calls`] draw what
//! is asked in view of what you limit by, so that it happens about the capacities and about the turns of the windows.
//! `proptest!` shows the least history that breaks the law.
//!
//! ```
//! use limiter_core::{LimitSet, ManualClock};
//! use limiter_testkit::laws::rates::{self, histories};
//! use limiter_testkit::{Model, Trial};
//! use proptest::prelude::*;
//!
//! fn limits() -> LimitSet {
//!     "5/min; bucket 60/hour burst 80".parse().unwrap()
//! }
//!
//! proptest! {
//!     # #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]
//!     # /*
//!     #[test]
//!     # */
//!     fn nobody_passes_my_limits(history in histories(&limits(), 1..80)) {
//!         let clock = ManualClock::new(1_700_000_000_000);
//!         let mine = Model::new(clock.clone()); // Your backend stands here.
//!         let trial = Trial::handed_in(clock);
//!         let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//!         runtime.block_on(async {
//!             rates::never_beyond_the_limit(&mine, &trial, &limits(), &history).await?;
//!             rates::retry_after_is_exact(&mine, &trial, &limits(), &history).await
//!         })?;
//!     }
//! }
//! # nobody_passes_my_limits();
//! ```
//!
//! A broken law reads like this:
//!
//! ```text
//! broken promise: nobody is admitted beyond the limit
//!   asked:  hit 5 by fixed 5/min, at 1700000000000
//!   wanted: denied: 6 in the window that starts at 1699999980000
//!   got:    allowed; fits, 0 remaining, reset after 40s, charged at 1700000000000
//! the least input that breaks it: [
//!     Hit { at_ms: 1700000000000, cost: 1 },
//!     Hit { at_ms: 1700000000000, cost: 5 },
//! ]
//! ```
//!
//! Limits themselves can be drawn with [`strategies`].

mod held;
pub mod oracle;
pub mod quotas;
pub mod rates;
pub mod slots;
pub mod strategies;

use crate::suite::Property;

/// Every law that there is.
pub(crate) fn all() -> impl Iterator<Item = &'static Property> {
    [rates::ALL, slots::ALL, quotas::ALL].into_iter().flatten()
}

/// The laws of a group as data: from a list of names by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __laws {
    ($group:ident
        plain { $($plain:ident)* }
        clock { $($clock:ident)* }
        together_clock { $($together_clock:ident)* }
        $(exact_clock { $($exact_clock:ident)* } exact_together_clock { $($exact_together:ident)* })?
    ) => {
        pub(super) const ALL: &[$crate::suite::Property] = &[
            $($crate::__law!($group $plain),)*
            $($crate::__law!($group $clock),)*
            $($crate::__law!($group $together_clock),)*
            $($($crate::__law!($group $exact_clock),)*
            $($crate::__law!($group $exact_together),)*)?
        ];
    };
}

/// One law as data.
#[doc(hidden)]
#[macro_export]
macro_rules! __law {
    ($group:ident $law:ident) => {
        $crate::suite::Property { group: stringify!($group), name: stringify!($law), run: stamped::$law }
    };
}
