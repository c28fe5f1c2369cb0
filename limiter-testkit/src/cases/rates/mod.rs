//! What every [`RateLimiter`](limiter_core::RateLimiter) promises.

mod answer;
mod apart;
mod ask;
mod at_once;
mod clock;
mod counters;
mod counting;
mod denials;
mod exact;
mod fixed_window;
mod immediate;
mod invalid;
mod kept;
mod keys;
mod limits;
mod peeks;
mod refunds;
mod sliding_log;
mod sliding_window;
mod token_bucket;

pub use apart::{
    what_fits_several_keys_is_charged_or_unsupported, what_is_denied_over_several_keys_is_given_back,
};
pub use at_once::{
    a_look_never_sees_half_a_hit, calls_of_several_limits_at_once_add_up,
    calls_over_several_keys_at_once_add_up, hits_and_refunds_at_once_add_up,
    hits_at_once_admit_as_many_as_fit,
};
pub use clock::{
    a_charge_after_a_step_back_keeps_its_time, a_clock_that_steps_back_admits_nobody,
    a_counter_from_far_ahead_is_taken_as_new, charged_at_is_the_stores_time,
};
pub use counters::{
    a_changed_burst_keeps_the_level, a_changed_max_keeps_the_count, a_reset_forgets_its_counter,
    a_reset_forgets_no_other_counter, the_limits_of_a_key_count_apart,
};
pub use counting::{
    a_cost_above_the_capacity_never_fits, a_cost_counts_as_so_many_units, a_cost_of_zero_uses_nothing_up,
    a_limit_of_zero_never_fits, an_unlimited_limit_always_fits, as_many_hits_fit_as_the_limit_says,
    outcomes_stand_in_the_order_of_the_charges, remaining_tells_what_is_left,
};
pub use denials::{
    a_denied_call_charges_none_of_its_keys, a_denied_call_charges_none_of_its_limits,
    a_denied_hit_charges_nothing, a_limit_that_counts_denied_hits_charges_them,
    an_allowed_call_charges_all_its_keys, an_allowed_call_charges_all_its_limits,
    only_the_limit_that_denies_counts_the_denial,
};
pub use exact::{
    a_bucket_fills_however_long_it_takes, a_count_stops_at_the_largest_number, the_largest_counts_are_exact,
    the_largest_products_are_exact,
};
pub use fixed_window::{
    a_fixed_window_starts_anew_at_its_boundary, reset_after_of_a_fixed_window_is_exact,
    retry_after_of_a_fixed_window_is_exact,
};
pub use immediate::what_is_answered_at_once_is_charged_once;
pub use invalid::{
    a_call_of_too_many_charges_is_refused, a_call_without_charges_is_refused,
    a_cost_above_the_largest_number_is_refused, a_counter_named_twice_is_refused,
};
pub use kept::{a_flood_of_new_keys_frees_nobody, an_idle_counter_is_remembered};
pub use keys::keys_that_look_alike_count_apart;
pub use peeks::{a_peek_changes_nothing, a_peek_tells_what_a_hit_would_be_told};
pub use refunds::{
    a_bucket_gives_back_only_what_has_not_flowed_in, a_refund_gives_back_what_was_charged,
    a_refund_never_goes_beyond_full, a_refund_takes_the_entry_of_its_own_time,
    a_refund_to_a_window_that_has_gone_gives_nothing, a_refund_to_the_previous_window_is_weighed,
};
pub use sliding_log::{
    an_entry_leaves_a_log_after_one_window, reset_after_of_a_log_is_exact, retry_after_of_a_log_is_exact,
};
pub use sliding_window::{
    a_sliding_window_forgets_after_two_windows, a_sliding_window_weighs_the_previous_one,
    reset_after_of_a_sliding_window_is_exact, reset_after_of_a_weighed_window_is_exact,
    retry_after_of_a_sliding_window_is_exact, retry_after_of_a_weighed_window_is_exact,
};
pub use token_bucket::{
    a_bucket_loses_no_part_of_a_token, a_bucket_never_holds_more_than_its_burst, a_bucket_refills_evenly,
    a_bucket_starts_with_its_burst, reset_after_of_a_bucket_is_exact, retry_after_of_a_bucket_is_exact,
};

/// The cases of rates, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __rate_cases {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* rates
            plain {
                as_many_hits_fit_as_the_limit_says
                a_cost_counts_as_so_many_units
                a_cost_of_zero_uses_nothing_up
                a_cost_above_the_capacity_never_fits
                a_limit_of_zero_never_fits
                an_unlimited_limit_always_fits
                outcomes_stand_in_the_order_of_the_charges
                the_largest_counts_are_exact
                a_count_stops_at_the_largest_number
                a_denied_hit_charges_nothing
                a_limit_that_counts_denied_hits_charges_them
                only_the_limit_that_denies_counts_the_denial
                a_denied_call_charges_none_of_its_limits
                an_allowed_call_charges_all_its_limits
                the_limits_of_a_key_count_apart
                a_changed_max_keeps_the_count
                a_changed_burst_keeps_the_level
                keys_that_look_alike_count_apart
                a_reset_forgets_its_counter
                a_reset_forgets_no_other_counter
                a_peek_changes_nothing
                a_flood_of_new_keys_frees_nobody
                charged_at_is_the_stores_time
                a_fixed_window_starts_anew_at_its_boundary
                retry_after_of_a_fixed_window_is_exact
                a_sliding_window_forgets_after_two_windows
                retry_after_of_a_sliding_window_is_exact
                an_entry_leaves_a_log_after_one_window
                retry_after_of_a_log_is_exact
                a_bucket_starts_with_its_burst
                a_bucket_refills_evenly
                retry_after_of_a_bucket_is_exact
                a_refund_gives_back_what_was_charged
                a_refund_never_goes_beyond_full
                a_call_without_charges_is_refused
                a_call_of_too_many_charges_is_refused
                a_counter_named_twice_is_refused
                a_cost_above_the_largest_number_is_refused
                what_is_answered_at_once_is_charged_once
            }
            clock {
                the_largest_products_are_exact
                a_bucket_fills_however_long_it_takes
                an_idle_counter_is_remembered
                a_sliding_window_weighs_the_previous_one
                retry_after_of_a_weighed_window_is_exact
                a_bucket_never_holds_more_than_its_burst
                a_bucket_loses_no_part_of_a_token
                a_clock_that_steps_back_admits_nobody
                a_charge_after_a_step_back_keeps_its_time
                a_counter_from_far_ahead_is_taken_as_new
                a_refund_to_a_window_that_has_gone_gives_nothing
                a_refund_to_the_previous_window_is_weighed
                a_refund_takes_the_entry_of_its_own_time
                a_bucket_gives_back_only_what_has_not_flowed_in
            }
            together {
                a_denied_call_charges_none_of_its_keys
                an_allowed_call_charges_all_its_keys
                calls_over_several_keys_at_once_add_up
            }
            together_clock {}
            apart {
                what_is_denied_over_several_keys_is_given_back
                what_fits_several_keys_is_charged_or_unsupported
            }
            exact {
                remaining_tells_what_is_left
                a_peek_tells_what_a_hit_would_be_told
                reset_after_of_a_fixed_window_is_exact
                reset_after_of_a_sliding_window_is_exact
                reset_after_of_a_log_is_exact
                reset_after_of_a_bucket_is_exact
                hits_at_once_admit_as_many_as_fit
                hits_and_refunds_at_once_add_up
                calls_of_several_limits_at_once_add_up
                a_look_never_sees_half_a_hit
            }
            exact_clock {
                reset_after_of_a_weighed_window_is_exact
            }
        }
    };
}

crate::__rate_cases!(__registry);
