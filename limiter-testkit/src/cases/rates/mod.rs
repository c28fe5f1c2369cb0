//! What every [`RateLimiter`](limiter_core::RateLimiter) promises.

mod answer;
mod ask;
mod denials;

pub use denials::a_denied_hit_charges_nothing;

/// The cases of rates, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __rate_cases {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* rates
            plain {
                a_denied_hit_charges_nothing
            }
            clock {}
            together {}
            together_clock {}
            apart {}
            shared {}
            durable {}
        }
    };
}

crate::__rate_cases!(__registry);
