//! The macros that stamp tests.

/// Stamps a test for every promise that a backend must keep: in `mod suite`, one test a promise.
///
/// The first argument is a function, `async` or not, without arguments, that makes a
/// [`Candidate`](crate::Candidate) over an empty store. After it stand the capabilities that the backend declares:
///
/// | word | means |
/// | --- | --- |
/// | `real_time` | time can't be handed in: the suite waits instead |
/// | `keys_apart` | a call over several keys isn't atomic |
/// | `durable` | counts outlive the process |
/// | `shared` | several processes share the counts |
/// | `rates`, `slots`, `quotas` | prove these parts alone |
///
/// A word that doesn't agree with the backend's [`Capabilities`](limiter_core::Capabilities) fails every test, so
/// that nothing goes unproven by mistake.
///
/// ```
/// # use std::sync::Arc;
/// # use limiter_core::{Backend, ManualClock};
/// # use limiter_testkit::{Candidate, Model};
/// fn make_backend() -> Candidate {
///     let clock = ManualClock::new(1_700_000_000_000);
///     Candidate::new(Backend::new("mine", Arc::new(Model::new(clock.clone())))).with_clock(clock)
/// }
///
/// limiter_testkit::suite!(make_backend);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! suite {
    ($make:path $(, $word:ident)* $(,)?) => {
        mod suite {
            #[allow(unused_imports, clippy::wildcard_imports, reason = "what makes the backend stands outside")]
            use super::*;
            $crate::__declare! { ($make) ($($word)*) handed together transient alone () }
        }
    };
}

/// Reads the words of `suite!` one by one.
#[doc(hidden)]
#[macro_export]
macro_rules! __declare {
    ($make:tt (real_time $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident $parts:tt) => {
        $crate::__declare! { $make ($($rest)*) real $keys $life $share $parts }
    };
    ($make:tt (keys_apart $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident $parts:tt) => {
        $crate::__declare! { $make ($($rest)*) $time apart $life $share $parts }
    };
    ($make:tt (durable $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident $parts:tt) => {
        $crate::__declare! { $make ($($rest)*) $time $keys durable $share $parts }
    };
    ($make:tt (shared $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident $parts:tt) => {
        $crate::__declare! { $make ($($rest)*) $time $keys $life shared $parts }
    };
    ($make:tt (rates $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident ($($part:ident)*)) => {
        $crate::__declare! { $make ($($rest)*) $time $keys $life $share ($($part)* rates) }
    };
    ($make:tt (slots $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident ($($part:ident)*)) => {
        $crate::__declare! { $make ($($rest)*) $time $keys $life $share ($($part)* slots) }
    };
    ($make:tt (quotas $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident ($($part:ident)*)) => {
        $crate::__declare! { $make ($($rest)*) $time $keys $life $share ($($part)* quotas) }
    };
    ($make:tt () $time:ident $keys:ident $life:ident $share:ident ()) => {
        $crate::__declare! { $make () $time $keys $life $share (rates slots quotas control) }
    };
    ($make:tt () $time:ident $keys:ident $life:ident $share:ident ($($part:ident)+)) => {
        const DECLARED: &$crate::suite::Declared = &$crate::suite::Declared {
            real_time: $crate::__is!($time real),
            keys_apart: $crate::__is!($keys apart),
            durable: $crate::__is!($life durable),
            shared: $crate::__is!($share shared),
        };
        $($crate::__part! { $part $make $time $keys $life $share })+
    };
    ($make:tt ($word:ident $($rest:ident)*) $($state:tt)*) => {
        compile_error!(concat!(
            "`", stringify!($word),
            "` is no word of suite!; accepted: real_time, keys_apart, durable, shared, rates, slots, quotas"
        ));
    };
}

/// Stamps what belongs to one part of a backend.
#[doc(hidden)]
#[macro_export]
macro_rules! __part {
    (rates $($args:tt)*) => {
        $crate::__rate_cases! { __stamp $($args)* }
        $crate::__rate_laws! { __stamp_properties $($args)* }
        $crate::__rate_sequences! { __stamp_properties $($args)* }
        $crate::__stamp_traces! { rate_vectors rates $($args)* }
    };
    (slots $($args:tt)*) => {
        $crate::__slot_cases! { __stamp $($args)* }
        $crate::__slot_laws! { __stamp_properties $($args)* }
        $crate::__slot_sequences! { __stamp_properties $($args)* }
        $crate::__stamp_traces! { slot_vectors slots $($args)* }
    };
    (quotas $($args:tt)*) => {
        $crate::__quota_cases! { __stamp $($args)* }
        $crate::__quota_laws! { __stamp_properties $($args)* }
        $crate::__quota_sequences! { __stamp_properties $($args)* }
        $crate::__stamp_traces! { quota_vectors quotas $($args)* }
    };
    (control $($args:tt)*) => { $crate::__control_cases! { __stamp $($args)* } };
}

/// Stamps the cases of one group that the declared capabilities call for.
#[doc(hidden)]
#[macro_export]
macro_rules! __stamp {
    (($make:path) $time:ident $keys:ident $life:ident $share:ident $group:ident
        plain { $($plain:ident)* }
        clock { $($clock:ident)* }
        together { $($together:ident)* }
        together_clock { $($together_clock:ident)* }
        apart { $($apart:ident)* }
        shared { $($shared:ident)* }
        durable { $($durable:ident)* }
    ) => {
        mod $group {
            #[allow(unused_imports, clippy::wildcard_imports, reason = "what makes the backend stands outside")]
            use super::*;
            $($crate::__test!{ ($make) $group $plain })*
            $crate::__when! { $time handed { $($crate::__test!{ ($make) $group $clock })* } }
            $crate::__when! { $keys together { $($crate::__test!{ ($make) $group $together })* } }
            $crate::__when! { $time handed {
                $crate::__when! { $keys together { $($crate::__test!{ ($make) $group $together_clock })* } }
            } }
            $crate::__when! { $keys apart { $($crate::__test!{ ($make) $group $apart })* } }
            $crate::__when! { $share shared { $($crate::__test!{ ($make) $group $shared })* } }
            $crate::__when! { $life durable { $($crate::__test!{ ($make) $group $durable })* } }
        }
    };
}

/// Stamps one case.
#[doc(hidden)]
#[macro_export]
macro_rules! __test {
    (($make:path) $group:ident $case:ident) => {
        #[test]
        fn $case() {
            let make = || ::core::future::IntoFuture::into_future($make());
            $crate::suite::prove(DECLARED, stringify!($group), stringify!($case), make);
        }
    };
}

/// Stamps the properties of one group that the declared capabilities call for.
#[doc(hidden)]
#[macro_export]
macro_rules! __stamp_properties {
    (($make:path) $time:ident $keys:ident $life:ident $share:ident $group:ident
        plain { $($plain:ident)* }
        clock { $($clock:ident)* }
        together_clock { $($together_clock:ident)* }
    ) => {
        mod $group {
            #[allow(unused_imports, clippy::wildcard_imports, reason = "what makes the backend stands outside")]
            use super::*;
            $($crate::__test_property!{ ($make) $group $plain })*
            $crate::__when! { $time handed { $($crate::__test_property!{ ($make) $group $clock })* } }
            $crate::__when! { $time handed {
                $crate::__when! { $keys together {
                    $($crate::__test_property!{ ($make) $group $together_clock })*
                } }
            } }
        }
    };
}

/// Stamps one property.
#[doc(hidden)]
#[macro_export]
macro_rules! __test_property {
    (($make:path) $group:ident $property:ident) => {
        #[test]
        fn $property() {
            let make = || ::core::future::IntoFuture::into_future($make());
            $crate::suite::hold(DECLARED, stringify!($group), stringify!($property), make);
        }
    };
}

/// Stamps the worked traces of one part, where time is handed in and calls over several keys are one step.
#[doc(hidden)]
#[macro_export]
macro_rules! __stamp_traces {
    ($module:ident $part:ident ($make:path) handed together $life:ident $share:ident) => {
        mod $module {
            #[allow(
                unused_imports,
                clippy::wildcard_imports,
                reason = "what makes the backend stands outside"
            )]
            use super::*;

            #[test]
            fn every_worked_trace_is_answered_as_it_wants() {
                let make = || ::core::future::IntoFuture::into_future($make());
                $crate::suite::replay(DECLARED, stringify!($part), make);
            }
        }
    };
    ($($not_exact:tt)*) => {};
}

/// Keeps what follows where both words are the same.
#[doc(hidden)]
#[macro_export]
macro_rules! __when {
    (handed handed { $($kept:tt)* }) => { $($kept)* };
    (together together { $($kept:tt)* }) => { $($kept)* };
    (apart apart { $($kept:tt)* }) => { $($kept)* };
    (shared shared { $($kept:tt)* }) => { $($kept)* };
    (durable durable { $($kept:tt)* }) => { $($kept)* };
    ($is:ident $wanted:ident { $($left:tt)* }) => {};
}

/// Whether both words are the same.
#[doc(hidden)]
#[macro_export]
macro_rules! __is {
    (real real) => {
        true
    };
    (apart apart) => {
        true
    };
    (durable durable) => {
        true
    };
    (shared shared) => {
        true
    };
    ($is:ident $wanted:ident) => {
        false
    };
}
