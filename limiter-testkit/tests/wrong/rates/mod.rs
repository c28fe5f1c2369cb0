//! Wrong rate limiters.

mod apart;
mod at_once;
mod buckets;
mod calls;
mod clock;
mod counters;
mod counting;
mod denials;
mod exact;
mod invalid;
mod kept;
mod peeks;
mod real_time;
mod refunds;
mod store;
mod waits;
mod windows;
