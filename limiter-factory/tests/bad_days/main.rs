//! Layers chosen by variables, over a real store that stalls, dies and comes back.
#![cfg(all(feature = "memory", feature = "redis"))]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod back;
mod calls;
mod eyes;
mod floods;
mod stage;
mod stalls;
mod storms;
