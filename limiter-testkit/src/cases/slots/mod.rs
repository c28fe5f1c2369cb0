//! What every [`SlotLimiter`](limiter_core::SlotLimiter) promises.

mod again;
mod answer;
mod apart;
mod ask;
mod caps;
mod expiry;
mod flood;
mod held;
mod keys;
mod races;
mod releases;
mod renewals;
mod scopes;
mod steps_back;

pub use again::{
    a_conflict_changes_nothing, a_grant_gives_the_lease_that_was_asked_for,
    an_acquire_sent_again_is_granted_whatever_the_caps, an_acquire_sent_again_is_not_counted_twice,
    an_id_that_is_live_with_other_permits_is_a_conflict,
};
pub use apart::{
    a_lease_over_scopes_apart_stands_in_all_or_is_unsupported,
    callers_over_scopes_apart_are_never_more_than_a_cap, what_a_scope_apart_refuses_is_given_back,
};
pub use caps::{
    a_cap_of_zero_grants_nothing, a_lease_of_several_permits_counts_as_so_many,
    a_lowered_cap_admits_nobody_until_enough_have_left, a_lowered_cap_takes_nobodys_lease_away,
    a_raised_cap_admits_more_at_once, a_refused_acquire_takes_nothing,
    as_many_permits_as_the_cap_are_granted_and_not_one_more, permits_are_exact_up_to_2_to_the_53,
};
pub use expiry::{
    a_lease_of_thirty_days_lasts_thirty_days, a_lease_runs_out_when_its_ttl_ends,
    a_short_lease_takes_no_longer_one_along, a_short_renewal_shortens_no_other_lease,
    an_acquire_counts_nothing_that_ran_out, an_id_that_ran_out_is_as_if_never_used,
    in_use_leaves_out_what_ran_out, leases_leave_out_what_ran_out,
};
pub use flood::a_flood_of_new_keys_drops_no_live_lease;
pub use held::{
    a_grant_tells_what_is_in_use_after_it, a_key_that_was_never_used_holds_nothing,
    a_refusal_tells_what_is_in_use, in_use_counts_permits, leases_list_the_first_to_run_out_first,
    leases_tell_id_permits_and_expiry,
};
pub use keys::{
    a_partition_tells_keys_apart, a_space_tells_keys_apart, long_subjects_are_held_apart,
    subjects_that_look_alike_are_held_apart,
};
pub use races::{
    a_renewal_that_meets_a_release_brings_nothing_back,
    an_acquire_sent_several_times_at_once_is_counted_once,
    callers_that_come_and_go_are_never_more_than_the_cap, of_callers_in_different_orders_exactly_one_gets_in,
    of_many_callers_at_once_exactly_the_cap_get_in,
};
pub use releases::{
    a_release_by_a_stranger_frees_nobody, a_release_gives_the_permits_back,
    a_release_leaves_the_other_leases_of_its_key, a_release_of_nothing_leaves_no_credit,
    a_released_id_may_be_acquired_anew, a_second_release_changes_nothing,
    many_leases_are_released_in_one_call_each_by_itself, no_leases_are_no_answers,
};
pub use renewals::{
    a_renewal_creates_nothing, a_renewal_keeps_the_permits, a_renewal_moves_the_expiry_to_its_ttl_from_now,
    a_renewal_never_brings_a_lost_lease_back, an_acquire_sent_again_moves_the_expiry,
    many_leases_are_renewed_in_one_call_each_by_itself,
};
pub use scopes::{
    a_conflict_in_one_scope_changes_none, a_lease_counts_in_each_of_its_scopes,
    a_lease_may_stand_in_sixty_four_scopes, a_refusal_counts_the_leases_of_the_id_too,
    a_refusal_names_the_first_scope_that_is_full, a_refusal_tells_in_use_of_every_scope,
    a_release_answers_live_only_when_live_in_all, a_release_frees_every_scope,
    a_renewal_removes_what_is_left_of_a_lost_lease, a_renewal_renews_in_every_scope,
    an_acquire_over_scopes_sent_again_is_granted_whatever_the_caps, an_id_counts_as_its_own_where_it_is_live,
    each_scope_is_held_to_its_own_cap, what_one_scope_refuses_is_taken_from_none,
};
pub use steps_back::{a_clock_that_steps_back_cuts_no_lease_short, after_a_step_back_a_lease_lasts_its_ttl};

/// The cases of slots, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __slot_cases {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* slots
            plain {
                as_many_permits_as_the_cap_are_granted_and_not_one_more
                a_lease_of_several_permits_counts_as_so_many
                a_cap_of_zero_grants_nothing
                a_refused_acquire_takes_nothing
                a_raised_cap_admits_more_at_once
                a_lowered_cap_admits_nobody_until_enough_have_left
                a_lowered_cap_takes_nobodys_lease_away
                permits_are_exact_up_to_2_to_the_53
                a_release_gives_the_permits_back
                a_second_release_changes_nothing
                a_release_by_a_stranger_frees_nobody
                a_release_of_nothing_leaves_no_credit
                a_release_leaves_the_other_leases_of_its_key
                many_leases_are_released_in_one_call_each_by_itself
                no_leases_are_no_answers
                a_released_id_may_be_acquired_anew
                an_acquire_sent_again_is_not_counted_twice
                an_acquire_sent_again_is_granted_whatever_the_caps
                a_grant_gives_the_lease_that_was_asked_for
                an_id_that_is_live_with_other_permits_is_a_conflict
                a_conflict_changes_nothing
                a_lease_runs_out_when_its_ttl_ends
                a_lease_of_thirty_days_lasts_thirty_days
                a_short_lease_takes_no_longer_one_along
                a_short_renewal_shortens_no_other_lease
                an_id_that_ran_out_is_as_if_never_used
                in_use_leaves_out_what_ran_out
                leases_leave_out_what_ran_out
                an_acquire_counts_nothing_that_ran_out
                a_renewal_moves_the_expiry_to_its_ttl_from_now
                a_renewal_never_brings_a_lost_lease_back
                a_renewal_creates_nothing
                a_renewal_keeps_the_permits
                many_leases_are_renewed_in_one_call_each_by_itself
                an_acquire_sent_again_moves_the_expiry
                in_use_counts_permits
                a_key_that_was_never_used_holds_nothing
                leases_tell_id_permits_and_expiry
                leases_list_the_first_to_run_out_first
                a_grant_tells_what_is_in_use_after_it
                a_refusal_tells_what_is_in_use
                a_space_tells_keys_apart
                a_partition_tells_keys_apart
                subjects_that_look_alike_are_held_apart
                long_subjects_are_held_apart
                of_many_callers_at_once_exactly_the_cap_get_in
                callers_that_come_and_go_are_never_more_than_the_cap
                an_acquire_sent_several_times_at_once_is_counted_once
                a_renewal_that_meets_a_release_brings_nothing_back
                a_flood_of_new_keys_drops_no_live_lease
            }
            clock {
                a_clock_that_steps_back_cuts_no_lease_short
                after_a_step_back_a_lease_lasts_its_ttl
            }
            together {
                a_lease_counts_in_each_of_its_scopes
                what_one_scope_refuses_is_taken_from_none
                each_scope_is_held_to_its_own_cap
                a_refusal_names_the_first_scope_that_is_full
                a_refusal_tells_in_use_of_every_scope
                a_refusal_counts_the_leases_of_the_id_too
                an_id_counts_as_its_own_where_it_is_live
                an_acquire_over_scopes_sent_again_is_granted_whatever_the_caps
                a_conflict_in_one_scope_changes_none
                a_release_frees_every_scope
                a_release_answers_live_only_when_live_in_all
                a_renewal_renews_in_every_scope
                a_renewal_removes_what_is_left_of_a_lost_lease
                a_lease_may_stand_in_sixty_four_scopes
                of_callers_in_different_orders_exactly_one_gets_in
            }
            together_clock {}
            apart {
                a_lease_over_scopes_apart_stands_in_all_or_is_unsupported
                what_a_scope_apart_refuses_is_given_back
                callers_over_scopes_apart_are_never_more_than_a_cap
            }
        }
    };
}

crate::__slot_cases!(__registry);
