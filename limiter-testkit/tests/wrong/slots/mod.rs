//! Wrong slots.

mod again;
mod apart;
mod book;
mod caps;
mod expiry;
mod faulty;
mod flood;
mod held;
mod keys;
mod races;
mod releases;
mod renewals;
mod rules;
mod scopes;
mod several;
mod steps_back;
