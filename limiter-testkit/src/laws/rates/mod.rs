//! Laws of rates: over one limit or several on one key, and any history of hits.

mod admitted;
mod answers;
mod hearing;
mod history;
mod remaining;
mod stamped;
mod waits;

pub use admitted::{a_step_back_of_the_clock_admits_nobody, never_beyond_the_limit};
pub use answers::{a_changed_limit_keeps_the_counts, every_answer_is_what_the_definitions_say};
pub use history::{Ask, Call, Hit, calls, histories, histories_with_steps_back};
pub use remaining::{all_or_nothing, all_or_nothing_over_several_keys, remaining_never_grows_without_time};
pub use waits::retry_after_is_exact;

/// The laws of rates, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __rate_laws {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* rate_laws
            plain {}
            clock {
                never_beyond_the_limit
                retry_after_is_exact
            }
            together_clock {}
            exact_clock {
                a_step_back_of_the_clock_admits_nobody
                remaining_never_grows_without_time
                all_or_nothing
                every_answer_is_what_the_definitions_say
                a_changed_limit_keeps_the_counts
            }
            exact_together_clock {
                all_or_nothing_over_several_keys
            }
        }
    };
}

crate::__rate_laws!(__laws);
