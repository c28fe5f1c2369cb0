//! Random sequences of calls, each answer held to the reference's.
//!
//! Where time is handed in, candidate and reference stand on one clock, which moves on, stays and steps back, and
//! every whole answer is compared. A sequence that is answered wrongly is shortened until nothing can be left out.
//!
//! Where it isn't, the sequences take their time, and each answer must be one that the reference gives at some
//! millisecond between two looks at the store's clock.
//!
//! And several tasks ask at once: some order of their calls must explain every answer, see [`crate::histories`].

mod clock;
mod concurrent;
mod draw;
mod keys;
mod play;
mod quotas;
mod rates;
mod real;
mod reference;
mod slots;
mod words;

use crate::suite::Property;

/// The sequences of rates, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __rate_sequences {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* rate_sequences
            plain { calls_at_once_happen_one_after_the_other }
            clock { calls_on_few_counters_are_answered_exactly calls_of_any_size_are_answered_exactly }
            together_clock { calls_over_several_keys_are_answered_exactly }
            real { calls_in_real_time_are_answered_exactly }
        }
    };
}

/// The sequences of slots, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __slot_sequences {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* slot_sequences
            plain { calls_at_once_happen_one_after_the_other }
            clock { leases_of_one_scope_are_answered_exactly }
            together_clock { leases_of_several_scopes_are_answered_exactly }
            real { calls_in_real_time_are_answered_exactly }
        }
    };
}

/// The sequences of quotas, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __quota_sequences {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* quota_sequences
            plain { calls_at_once_happen_one_after_the_other }
            clock { calls_on_one_key_are_answered_exactly }
            together_clock { calls_over_several_keys_are_answered_exactly }
            real { calls_in_real_time_are_answered_exactly }
        }
    };
}

/// Names a property after its function.
macro_rules! property {
    ($group:literal $module:ident::$name:ident) => {
        property!($group $name = $module::$name)
    };
    ($group:literal $name:ident = $run:path) => {
        Property { group: $group, name: stringify!($name), run: $run }
    };
}

/// All of them.
pub(crate) const ALL: &[Property] = &[
    property!("rate_sequences" calls_in_real_time_are_answered_exactly = real::rates),
    property!("rate_sequences" calls_at_once_happen_one_after_the_other = concurrent::rates),
    property!("rate_sequences" rates::calls_on_few_counters_are_answered_exactly),
    property!("rate_sequences" rates::calls_of_any_size_are_answered_exactly),
    property!("rate_sequences" rates::calls_over_several_keys_are_answered_exactly),
    property!("slot_sequences" calls_in_real_time_are_answered_exactly = real::slots),
    property!("slot_sequences" calls_at_once_happen_one_after_the_other = concurrent::slots),
    property!("slot_sequences" slots::leases_of_one_scope_are_answered_exactly),
    property!("slot_sequences" slots::leases_of_several_scopes_are_answered_exactly),
    property!("quota_sequences" calls_in_real_time_are_answered_exactly = real::quotas),
    property!("quota_sequences" calls_at_once_happen_one_after_the_other = concurrent::quotas),
    property!("quota_sequences" quotas::calls_on_one_key_are_answered_exactly),
    property!("quota_sequences" quotas::calls_over_several_keys_are_answered_exactly),
];
