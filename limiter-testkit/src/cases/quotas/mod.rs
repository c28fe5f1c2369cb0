//! What every [`QuotaTracker`](limiter_core::QuotaTracker) promises.

mod amounts;
mod answer;
mod apart;
mod ask;
mod at_once;
mod calendar;
mod callers;
mod counters;
mod date;
mod expiring;
mod forgetting;
mod ids;
mod remembering;
mod requests;
mod reserving;
mod settling;
mod several;
mod turning;
mod using;
mod waiting;

pub use amounts::{
    a_sum_stays_at_the_largest_amount, amounts_up_to_the_largest_are_exact,
    an_amount_beyond_the_largest_is_refused_and_counts_nothing,
};
pub use apart::{counters_apart_hold_nothing_of_a_refused_reserve, counters_apart_never_pass_a_cap};
pub use at_once::{
    a_flood_of_new_keys_loses_nothing, one_reserve_many_times_at_once_counts_once,
    one_settle_many_times_at_once_counts_once, records_at_once_add_up, reserves_at_once_never_pass_the_cap,
    reserves_settles_and_cancels_at_once_add_up,
};
pub use calendar::{
    a_day_turns_at_midnight, a_month_turns_on_the_first, a_week_turns_on_monday, a_year_turns_in_january,
    an_hour_turns_on_the_hour, an_offset_moves_the_turn, february_has_a_leap_day_in_leap_years,
    reset_after_tells_the_end_of_the_period,
};
pub use counters::{
    a_changed_cap_keeps_the_counts, keys_that_look_alike_count_apart, offsets_of_one_key_count_apart,
    periods_of_one_key_count_apart,
};
pub use expiring::{
    a_reservation_holds_until_its_ttl_ends, a_reserve_sent_again_moves_the_expiry,
    a_settle_after_the_reservation_ran_out_counts,
};
pub use forgetting::{
    a_reset_forgets_no_other_counter, a_reset_forgets_settled_ids, a_reset_forgets_what_was_used_and_held,
};
pub use ids::{an_id_is_known_to_each_counter_by_itself, ids_that_look_alike_hold_apart};
pub use remembering::{
    a_cancelled_reservation_stays_cancelled, a_settle_sent_again_counts_once,
    a_settle_sent_again_is_not_remembered_for_longer, a_settled_id_is_a_conflict_for_reserve,
    a_settled_id_is_remembered_for_ten_minutes, a_settled_id_stays_remembered_when_the_period_turns,
};
pub use reserving::{
    a_check_of_a_quota_of_nothing_never_fits, a_refused_reserve_can_be_sent_again,
    a_refused_reserve_holds_nothing, a_reserve_fits_up_to_the_cap_and_not_one_more,
    a_reserve_sent_again_is_granted_and_not_counted_twice,
    another_amount_under_a_held_id_is_a_conflict_and_changes_nothing, more_than_the_cap_never_fits,
    quotas_of_one_key_are_reserved_all_or_none, reserving_nothing_is_allowed_at_the_cap,
};
pub use settling::{
    a_settle_counts_past_the_cap, a_settle_counts_what_was_really_used, a_settle_is_always_allowed,
    a_settle_leaves_other_reservations_alone, a_settle_of_an_id_that_was_never_reserved_counts,
    a_settle_takes_away_what_is_held, settling_nothing_gives_the_reservation_back,
};
pub use several::{
    a_conflict_in_one_counter_changes_none, a_refused_reserve_tells_which_charges_fit,
    a_settle_counts_in_each_counter_that_has_not_settled, a_settle_tells_each_outcome_in_order,
    several_counters_are_reserved_all_or_none, sixty_four_counters_are_reserved_and_settled,
};
pub use turning::{
    a_counter_from_a_wrong_clock_is_taken_as_new, a_settle_after_the_turn_counts_in_the_new_period,
    a_step_back_brings_no_reservation_back, a_step_back_cuts_no_reservation_short,
    a_step_back_turns_no_period_back, reservations_are_gone_when_the_period_turns,
    what_changes_nothing_turns_no_period,
};
pub use using::{
    a_check_changes_nothing, a_check_is_allowed_below_the_cap_and_refused_at_it,
    a_check_is_refused_over_the_cap, a_record_adds_to_what_was_used, a_record_counts_past_the_cap,
    a_record_of_nothing_changes_nothing, an_outcome_tells_the_state_after_its_call,
    remaining_is_what_is_neither_used_nor_reserved,
};
pub use waiting::{
    a_refused_check_tells_when_something_is_left, a_refused_reserve_fits_when_its_wait_is_over,
    a_refused_reserve_tells_when_reservations_make_room, a_refused_reserve_tells_when_the_period_ends,
    no_wait_is_longer_than_the_period,
};

/// The cases of quotas, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __quota_cases {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* quotas
            plain {
                a_check_is_allowed_below_the_cap_and_refused_at_it
                a_check_is_refused_over_the_cap
                a_check_changes_nothing
                a_record_adds_to_what_was_used
                a_record_counts_past_the_cap
                a_record_of_nothing_changes_nothing
                remaining_is_what_is_neither_used_nor_reserved
                an_outcome_tells_the_state_after_its_call
                amounts_up_to_the_largest_are_exact
                a_sum_stays_at_the_largest_amount
                an_amount_beyond_the_largest_is_refused_and_counts_nothing
                a_reserve_fits_up_to_the_cap_and_not_one_more
                reserving_nothing_is_allowed_at_the_cap
                more_than_the_cap_never_fits
                a_check_of_a_quota_of_nothing_never_fits
                a_refused_reserve_holds_nothing
                a_refused_reserve_can_be_sent_again
                a_reserve_sent_again_is_granted_and_not_counted_twice
                another_amount_under_a_held_id_is_a_conflict_and_changes_nothing
                quotas_of_one_key_are_reserved_all_or_none
                a_reservation_holds_until_its_ttl_ends
                a_reserve_sent_again_moves_the_expiry
                a_settle_after_the_reservation_ran_out_counts
                a_settle_takes_away_what_is_held
                a_settle_counts_what_was_really_used
                settling_nothing_gives_the_reservation_back
                a_settle_of_an_id_that_was_never_reserved_counts
                a_settle_leaves_other_reservations_alone
                a_settle_counts_past_the_cap
                a_settle_is_always_allowed
                a_settle_sent_again_counts_once
                a_cancelled_reservation_stays_cancelled
                a_settled_id_is_a_conflict_for_reserve
                a_refused_reserve_tells_when_reservations_make_room
                a_refused_reserve_tells_when_the_period_ends
                a_refused_reserve_fits_when_its_wait_is_over
                a_refused_check_tells_when_something_is_left
                a_reset_forgets_what_was_used_and_held
                a_reset_forgets_settled_ids
                a_reset_forgets_no_other_counter
                periods_of_one_key_count_apart
                offsets_of_one_key_count_apart
                a_changed_cap_keeps_the_counts
                keys_that_look_alike_count_apart
                ids_that_look_alike_hold_apart
                an_id_is_known_to_each_counter_by_itself
                records_at_once_add_up
                reserves_at_once_never_pass_the_cap
                one_reserve_many_times_at_once_counts_once
                one_settle_many_times_at_once_counts_once
                a_flood_of_new_keys_loses_nothing
            }
            clock {
                a_settled_id_is_remembered_for_ten_minutes
                a_settle_sent_again_is_not_remembered_for_longer
                a_settled_id_stays_remembered_when_the_period_turns
                no_wait_is_longer_than_the_period
                an_hour_turns_on_the_hour
                a_day_turns_at_midnight
                a_week_turns_on_monday
                a_month_turns_on_the_first
                february_has_a_leap_day_in_leap_years
                a_year_turns_in_january
                an_offset_moves_the_turn
                reset_after_tells_the_end_of_the_period
                reservations_are_gone_when_the_period_turns
                a_settle_after_the_turn_counts_in_the_new_period
                a_step_back_turns_no_period_back
                a_step_back_brings_no_reservation_back
                a_step_back_cuts_no_reservation_short
                a_counter_from_a_wrong_clock_is_taken_as_new
                what_changes_nothing_turns_no_period
            }
            together {
                several_counters_are_reserved_all_or_none
                a_refused_reserve_tells_which_charges_fit
                a_conflict_in_one_counter_changes_none
                a_settle_counts_in_each_counter_that_has_not_settled
                a_settle_tells_each_outcome_in_order
                sixty_four_counters_are_reserved_and_settled
                reserves_settles_and_cancels_at_once_add_up
            }
            together_clock {}
            apart {
                counters_apart_hold_nothing_of_a_refused_reserve
                counters_apart_never_pass_a_cap
            }
        }
    };
}

crate::__quota_cases!(__registry);
