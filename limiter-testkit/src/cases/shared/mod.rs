//! What a store promises whose counts several processes share.

mod clocks;
mod quotas;
mod rates;
mod slots;

pub use clocks::{
    hits_of_all_clients_go_by_the_stores_clock, leases_of_all_clients_go_by_the_stores_clock,
    reservations_of_all_clients_go_by_the_stores_clock,
};
pub use quotas::{
    a_settle_that_another_process_repeats_counts_once, what_killed_processes_settled_adds_up_to_the_unit,
    what_one_client_uses_counts_for_every_client_at_once,
};
pub use rates::{
    a_hit_counts_for_every_client_at_once, charges_of_several_processes_are_all_or_nothing,
    hits_of_several_processes_admit_exactly_the_limit,
};
pub use slots::{
    a_lease_can_be_released_by_any_client, a_slot_taken_is_taken_for_every_client_at_once,
    killed_holders_give_their_slots_back, several_processes_get_exactly_the_slots_there_are,
};

/// The cases of shared counts, by the part that they are about and what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __shared_cases {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* shared
            rates {
                clients {
                    a_hit_counts_for_every_client_at_once
                    hits_of_all_clients_go_by_the_stores_clock
                }
                processes {}
                processes_together {}
                exact_processes { hits_of_several_processes_admit_exactly_the_limit }
                exact_processes_together { charges_of_several_processes_are_all_or_nothing }
            }
            slots {
                clients {
                    a_slot_taken_is_taken_for_every_client_at_once
                    a_lease_can_be_released_by_any_client
                    leases_of_all_clients_go_by_the_stores_clock
                }
                processes {
                    several_processes_get_exactly_the_slots_there_are
                    killed_holders_give_their_slots_back
                }
                processes_together {}
            }
            quotas {
                clients {
                    what_one_client_uses_counts_for_every_client_at_once
                    reservations_of_all_clients_go_by_the_stores_clock
                }
                processes {
                    a_settle_that_another_process_repeats_counts_once
                    what_killed_processes_settled_adds_up_to_the_unit
                }
                processes_together {}
            }
        }
    };
}

crate::__shared_cases!(__shared_registry);
