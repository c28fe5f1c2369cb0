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
/// | `durable` | counts outlive the process; give the candidate [`with_restart`](crate::Candidate::with_restart) |
/// | `shared` | several processes share the counts; give the candidate [`with_other_client`](crate::Candidate::with_other_client) and [`with_store`](crate::Candidate::with_store) |
/// | `early_refusals` | permits may be held for hits to come: what is left is told as a bound, and not every hit that fits is allowed |
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
///
/// The tests stand in a module called `suite`; two suites in one file want modules of their own. A word that isn't one
/// doesn't compile:
///
/// ```compile_fail
/// # fn make_backend() -> limiter_testkit::Candidate {
/// #     let model = limiter_testkit::Model::new(limiter_core::SystemClock::default());
/// #     limiter_testkit::Candidate::new(limiter_core::Backend::new("model", std::sync::Arc::new(model)))
/// # }
/// limiter_testkit::suite!(make_backend, realtime);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! suite {
    ($make:path $(, $word:ident)* $(,)?) => {
        mod suite {
            #[allow(unused_imports, clippy::wildcard_imports, reason = "what makes the backend stands outside")]
            use super::*;
            $crate::__declare! { ($make) ($($word)*) handed together transient alone exact () }
        }
    };
}

/// Reads the words of `suite!` one by one.
#[doc(hidden)]
#[macro_export]
macro_rules! __declare {
    ($make:tt (real_time $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident $exact:ident $parts:tt) => {
        $crate::__declare! { $make ($($rest)*) real $keys $life $share $exact $parts }
    };
    ($make:tt (keys_apart $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident $exact:ident $parts:tt) => {
        $crate::__declare! { $make ($($rest)*) $time apart $life $share $exact $parts }
    };
    ($make:tt (durable $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident $exact:ident $parts:tt) => {
        $crate::__declare! { $make ($($rest)*) $time $keys durable $share $exact $parts }
    };
    ($make:tt (shared $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident $exact:ident $parts:tt) => {
        $crate::__declare! { $make ($($rest)*) $time $keys $life shared $exact $parts }
    };
    ($make:tt (early_refusals $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident $exact:ident $parts:tt) => {
        $crate::__declare! { $make ($($rest)*) $time $keys $life $share early $parts }
    };
    ($make:tt (rates $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident $exact:ident ($($part:ident)*)) => {
        $crate::__declare! { $make ($($rest)*) $time $keys $life $share $exact ($($part)* rates) }
    };
    ($make:tt (slots $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident $exact:ident ($($part:ident)*)) => {
        $crate::__declare! { $make ($($rest)*) $time $keys $life $share $exact ($($part)* slots) }
    };
    ($make:tt (quotas $($rest:ident)*) $time:ident $keys:ident $life:ident $share:ident $exact:ident ($($part:ident)*)) => {
        $crate::__declare! { $make ($($rest)*) $time $keys $life $share $exact ($($part)* quotas) }
    };
    ($make:tt () $time:ident $keys:ident $life:ident $share:ident $exact:ident ()) => {
        $crate::__declare! { $make () $time $keys $life $share $exact (rates slots quotas control) }
    };
    (($make:path) () $time:ident $keys:ident $life:ident $share:ident $exact:ident ($($part:ident)+)) => {
        /// One function for all tests, so that what runs them is compiled once.
        fn __limiter_candidate() -> $crate::suite::Making {
            ::std::boxed::Box::pin(::core::future::IntoFuture::into_future($make()))
        }
        const DECLARED: &$crate::suite::Declared = &$crate::suite::Declared {
            real_time: $crate::__is!($time real),
            keys_apart: $crate::__is!($keys apart),
            durable: $crate::__is!($life durable),
            shared: $crate::__is!($share shared),
            early_refusals: $crate::__is!($exact early),
            parts: &[$(stringify!($part)),+],
        };
        $($crate::__part! { $part ($make) $time $keys $life $share $exact })+
        $crate::__when! { $share shared {
            $crate::__shared_cases! { __stamp_shared ($make) $keys $exact ($($part)+) }
        } }
        $crate::__when! { $life durable {
            $crate::__durable_cases! { __stamp_durable ($make) ($($part)+) }
        } }
    };
    ($make:tt ($word:ident $($rest:ident)*) $($state:tt)*) => {
        compile_error!(concat!(
            "`", stringify!($word),
            "` is no word of suite!; accepted: real_time, keys_apart, durable, shared, \
            early_refusals, rates, slots, quotas"
        ));
    };
}

/// Stamps what belongs to one part of a backend.
#[doc(hidden)]
#[macro_export]
macro_rules! __part {
    (rates $make:tt $time:ident $keys:ident $life:ident $share:ident $exact:ident) => {
        $crate::__rate_cases! { __stamp $make $time $keys $life $share $exact }
        $crate::__rate_laws! { __stamp_properties $make $time $keys $life $share $exact }
        $crate::__when! { $exact exact {
            $crate::__rate_sequences! { __stamp_properties $make $time $keys $life $share $exact }
            $crate::__stamp_traces! { rate_vectors rates $make $time $keys $life $share $exact }
        } }
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
    (($make:path) $time:ident $keys:ident $life:ident $share:ident $exact:ident $group:ident
        plain { $($plain:ident)* }
        clock { $($clock:ident)* }
        together { $($together:ident)* }
        together_clock { $($together_clock:ident)* }
        apart { $($apart:ident)* }
        $(exact { $($exactly:ident)* } exact_clock { $($exactly_clock:ident)* })?
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
            $($crate::__when! { $exact exact {
                $($crate::__test!{ ($make) $group $exactly })*
                $crate::__when! { $time handed { $($crate::__test!{ ($make) $group $exactly_clock })* } }
            } })?
        }
    };
}

/// Stamps the cases of shared counts that are about the parts to be proven.
#[doc(hidden)]
#[macro_export]
macro_rules! __stamp_shared {
    ($make:tt $keys:ident $exact:ident $parts:tt $group:ident $($part:ident {
        clients { $($clients:ident)* }
        processes { $($processes:ident)* }
        processes_together { $($together:ident)* }
        $(exact_processes { $($exactly:ident)* } exact_processes_together { $($exactly_together:ident)* })?
    })+) => {
        mod $group {
            #[allow(unused_imports, clippy::wildcard_imports, reason = "what makes the backend stands outside")]
            use super::*;
            $($crate::__among! { $part $parts {
                $($crate::__test!{ $make $group $clients })*
                $($crate::__test!{ $make $group $processes })*
                $crate::__when! { $keys together { $($crate::__test!{ $make $group $together })* } }
                $($crate::__when! { $exact exact {
                    $($crate::__test!{ $make $group $exactly })*
                    $crate::__when! { $keys together { $($crate::__test!{ $make $group $exactly_together })* } }
                } })?
            } })+
        }
    };
}

/// Stamps the cases of durable counts that are about the parts to be proven.
#[doc(hidden)]
#[macro_export]
macro_rules! __stamp_durable {
    ($make:tt $parts:tt $group:ident $($part:ident { $($case:ident)* })+) => {
        mod $group {
            #[allow(unused_imports, clippy::wildcard_imports, reason = "what makes the backend stands outside")]
            use super::*;
            $($crate::__among! { $part $parts { $($crate::__test!{ $make $group $case })* } })+
        }
    };
}

/// Keeps what follows where the part is among those to be proven.
#[doc(hidden)]
#[macro_export]
macro_rules! __among {
    (rates (rates $($rest:ident)*) { $($kept:tt)* }) => { $($kept)* };
    (slots (slots $($rest:ident)*) { $($kept:tt)* }) => { $($kept)* };
    (quotas (quotas $($rest:ident)*) { $($kept:tt)* }) => { $($kept)* };
    ($part:ident ($other:ident $($rest:ident)*) $what:tt) => { $crate::__among! { $part ($($rest)*) $what } };
    ($part:ident () $what:tt) => {};
}

/// Stamps one case.
#[doc(hidden)]
#[macro_export]
macro_rules! __test {
    (($make:path) $group:ident $case:ident) => {
        #[test]
        fn $case() {
            $crate::suite::prove(
                DECLARED,
                module_path!(),
                stringify!($group),
                stringify!($case),
                &__limiter_candidate,
            );
        }
    };
}

/// Stamps the properties of one group that the declared capabilities call for.
#[doc(hidden)]
#[macro_export]
macro_rules! __stamp_properties {
    (($make:path) $time:ident $keys:ident $life:ident $share:ident $exact:ident $group:ident
        plain { $($plain:ident)* }
        clock { $($clock:ident)* }
        together_clock { $($together_clock:ident)* }
        $(real { $($real:ident)* })?
        $(exact_clock { $($exactly_clock:ident)* } exact_together_clock { $($exactly_together:ident)* })?
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
            $($crate::__when! { $time real { $($crate::__test_property!{ ($make) $group $real })* } })?
            $($crate::__when! { $exact exact { $crate::__when! { $time handed {
                $($crate::__test_property!{ ($make) $group $exactly_clock })*
                $crate::__when! { $keys together {
                    $($crate::__test_property!{ ($make) $group $exactly_together })*
                } }
            } } } })?
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
            $crate::suite::hold(DECLARED, stringify!($group), stringify!($property), &__limiter_candidate);
        }
    };
}

/// Stamps the worked traces of one part, where time is handed in and calls over several keys are one step.
#[doc(hidden)]
#[macro_export]
macro_rules! __stamp_traces {
    ($module:ident $part:ident ($make:path) handed together $life:ident $share:ident $exact:ident) => {
        mod $module {
            #[allow(
                unused_imports,
                clippy::wildcard_imports,
                reason = "what makes the backend stands outside"
            )]
            use super::*;

            #[test]
            fn every_worked_trace_is_answered_as_it_wants() {
                $crate::suite::replay(DECLARED, stringify!($part), &__limiter_candidate);
            }
        }
    };
    ($($otherwise:tt)*) => {};
}

/// Keeps what follows where both words are the same.
#[doc(hidden)]
#[macro_export]
macro_rules! __when {
    (handed handed { $($kept:tt)* }) => { $($kept)* };
    (real real { $($kept:tt)* }) => { $($kept)* };
    (together together { $($kept:tt)* }) => { $($kept)* };
    (apart apart { $($kept:tt)* }) => { $($kept)* };
    (shared shared { $($kept:tt)* }) => { $($kept)* };
    (durable durable { $($kept:tt)* }) => { $($kept)* };
    (exact exact { $($kept:tt)* }) => { $($kept)* };
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
    (early early) => {
        true
    };
    ($is:ident $wanted:ident) => {
        false
    };
}
