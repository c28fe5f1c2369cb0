//! The traits through references and smart pointers.
//!
//! Written in the form that `async_trait` makes of them, so that the pointer's future is the limiter's own and
//! no second one is boxed around it.
#![deny(clippy::missing_trait_methods)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::charge::Charge;
use crate::decision::Decision;
use crate::error::Result;
use crate::key::Key;
use crate::lease::{Acquisition, HeldLease, Lease, LeaseRequest};
use crate::limit::Limit;
use crate::quota::Quota;
use crate::rate::RateLimiter;
use crate::receipt::Receipt;
use crate::reservation::{QuotaOutcome, Reservation, Reserved, Settlement};
use crate::slot::SlotLimiter;
use crate::tracker::QuotaTracker;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Forwards one async method of which all arguments are references.
macro_rules! method {
    ($name:ident($($argument:ident: $life:lifetime $type:ty),*) -> $answer:ty) => {
        fn $name<'s, $($life,)* 'f>(&'s self, $($argument: &$life $type),*) -> BoxFuture<'f, $answer>
        where
            's: 'f,
            $($life: 'f,)*
            Self: 'f,
        {
            (**self).$name($($argument),*)
        }
    };
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<L: RateLimiter + ?Sized> RateLimiter for $pointer {
            fn hit<'s, 'a, 'b, 'f>(&'s self, charges: &'a [Charge<'b>]) -> BoxFuture<'f, Decision>
            where
                's: 'f,
                'a: 'f,
                'b: 'f,
                Self: 'f,
            {
                (**self).hit(charges)
            }

            fn peek<'s, 'a, 'b, 'f>(&'s self, charges: &'a [Charge<'b>]) -> BoxFuture<'f, Decision>
            where
                's: 'f,
                'a: 'f,
                'b: 'f,
                Self: 'f,
            {
                (**self).peek(charges)
            }

            fn refund<'s, 'f>(&'s self, receipt: Receipt) -> BoxFuture<'f, ()>
            where
                's: 'f,
                Self: 'f,
            {
                (**self).refund(receipt)
            }

            method!(reset(key: 'a Key, limit: 'b Limit) -> ());

            fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
                (**self).hit_now(charges)
            }
        }

        impl<L: SlotLimiter + ?Sized> SlotLimiter for $pointer {
            method!(acquire(request: 'a LeaseRequest) -> Acquisition);
            method!(renew(leases: 'a [Lease]) -> Vec<bool>);
            method!(release(leases: 'a [Lease]) -> Vec<bool>);
            method!(in_use(key: 'a Key) -> u64);
            method!(leases(key: 'a Key) -> Vec<HeldLease>);
        }

        impl<L: QuotaTracker + ?Sized> QuotaTracker for $pointer {
            method!(check(key: 'a Key, quota: 'b Quota) -> QuotaOutcome);
            method!(reserve(reservation: 'a Reservation) -> Reserved);
            method!(settle(settlement: 'a Settlement) -> Vec<QuotaOutcome>);
            method!(reset(key: 'a Key, quota: 'b Quota) -> ());

            fn record<'s, 'a, 'b, 'f>(&'s self, key: &'a Key, quota: &'b Quota, amount: u64)
                -> BoxFuture<'f, QuotaOutcome>
            where
                's: 'f,
                'a: 'f,
                'b: 'f,
                Self: 'f,
            {
                (**self).record(key, quota, amount)
            }
        }
    )*};
}

forward!(&'static L, Box<L>, Arc<L>);
