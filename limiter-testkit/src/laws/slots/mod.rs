//! Laws of slots: over one scope or several, and any history of calls.

mod answers;
mod caps;
mod hearing;
mod history;
mod stamped;
mod steps_back;

pub use answers::every_answer_is_what_the_list_of_holders_says;
pub use caps::never_more_than_the_cap_at_a_time;
pub use history::{Ask, Call, calls, calls_with_steps_back};
pub use steps_back::a_step_back_of_the_clock_cuts_no_lease_short;

/// The laws of slots, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __slot_laws {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* slot_laws
            plain {}
            clock {
                never_more_than_the_cap_at_a_time
                every_answer_is_what_the_list_of_holders_says
                a_step_back_of_the_clock_cuts_no_lease_short
            }
            together_clock {}
        }
    };
}

crate::__slot_laws!(__laws);
