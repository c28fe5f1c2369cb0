//! What a store promises whose counts outlive it: what was acknowledged is there after it has ended as by a crash.

mod quotas;
mod rates;
mod slots;

pub use quotas::{a_restart_keeps_reservations, a_restart_keeps_settled_ids, a_restart_keeps_what_was_used};
pub use rates::a_restart_keeps_counts;
pub use slots::{a_restart_keeps_leases, a_restart_moves_no_expiry};

/// The cases of durable counts, by the part that they are about.
#[doc(hidden)]
#[macro_export]
macro_rules! __durable_cases {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* durable
            rates {
                a_restart_keeps_counts
            }
            slots {
                a_restart_keeps_leases
                a_restart_moves_no_expiry
            }
            quotas {
                a_restart_keeps_what_was_used
                a_restart_keeps_reservations
                a_restart_keeps_settled_ids
            }
        }
    };
}

crate::__durable_cases!(__durable_registry);
