//! Laws of quotas: over one quota or several, each on a key of its own, and any history of calls.

mod answers;
mod hearing;
mod history;
mod stamped;
mod sums;

pub use answers::{a_changed_quota_keeps_the_counts, every_answer_is_what_the_definitions_say};
pub use history::{Ask, Call, calls};
pub use sums::{
    a_settle_counts_once, no_reserve_passes_the_cap, reserved_is_the_sum_of_what_is_held,
    used_is_the_sum_of_what_was_recorded_and_settled,
};

/// The laws of quotas, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __quota_laws {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* quota_laws
            plain {}
            clock {
                used_is_the_sum_of_what_was_recorded_and_settled
                reserved_is_the_sum_of_what_is_held
                no_reserve_passes_the_cap
                a_settle_counts_once
                every_answer_is_what_the_definitions_say
                a_changed_quota_keeps_the_counts
            }
            together_clock {}
        }
    };
}

crate::__quota_laws!(__laws);
