//! A gateway that limits what its callers use up: a service as one would write it with `limiter-factory`.
//!
//! | module | scenario |
//! | --- | --- |
//! | [`chat`] | messages a minute and an hour, per user and per address, charged in one step |
//! | [`events`] | open event streams, so many in all and so many per user |
//! | [`scan`] | scans at a time, and bytes a day: reserved before, settled after |
//! | [`widget`] | a public endpoint that counts refused callers too, and lets through when the store is down |
//! | [`usage`] | how a user stands, without charging anything |
//!
//! [`address`] and [`caller`] tell who calls; [`answers`] are the refusals; [`config`] reads `GATEWAY_*`.

pub mod address;
pub mod answers;
pub mod app;
pub mod caller;
pub mod chat;
pub mod config;
pub mod events;
pub mod json_body;
pub mod scan;
mod serve;
pub mod usage;
pub mod widget;

pub use config::Config;
pub use serve::serve;
