//! The macros that make data of the lists of cases.

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
        $(exact { $($exact:ident)* } exact_clock { $($exact_clock:ident)* })?
    ) => {
        pub(super) const ALL: &[$crate::cases::Case] = &[
            $($crate::__case!($group $plain Nothing part),)*
            $($crate::__case!($group $clock Clock part),)*
            $($crate::__case!($group $together Together part),)*
            $($crate::__case!($group $together_clock TogetherAndClock part),)*
            $($crate::__case!($group $apart Apart part),)*
            $($($crate::__case!($group $exact Exact part),)*
            $($crate::__case!($group $exact_clock ExactAndClock part),)*)?
        ];
    };
}

/// The cases of shared counts as data: from a list of names by part, and by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __shared_registry {
    ($group:ident $($part:ident {
        clients { $($clients:ident)* }
        processes { $($processes:ident)* }
        processes_together { $($together:ident)* }
        $(exact_processes { $($exact:ident)* } exact_processes_together { $($exact_together:ident)* })?
    })+) => {
        pub(super) const ALL: &[$crate::cases::Case] = &[$(
            $($crate::__case!($group $clients Shared whole),)*
            $($crate::__case!($group $processes Processes whole),)*
            $($crate::__case!($group $together ProcessesTogether whole),)*
            $($($crate::__case!($group $exact ExactProcesses whole),)*
            $($crate::__case!($group $exact_together ExactProcessesTogether whole),)*)?
        )+];
    };
}

/// The cases of durable counts as data: from a list of names by part.
#[doc(hidden)]
#[macro_export]
macro_rules! __durable_registry {
    ($group:ident $($part:ident { $($case:ident)* })+) => {
        pub(super) const ALL: &[$crate::cases::Case] = &[$($($crate::__case!($group $case Durable whole),)*)+];
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
