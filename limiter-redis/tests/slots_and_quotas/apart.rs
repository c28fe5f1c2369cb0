//! Keys that don't live together: on a cluster of three masters.

mod cluster;
mod quotas;
mod slots;
