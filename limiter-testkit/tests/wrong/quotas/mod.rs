//! Wrong quotas.

mod apart;
mod at_once;
mod calendar;
mod counters;
mod expiring;
mod ids;
mod ledger;
mod remembering;
mod reserving;
mod settling;
mod several;
mod turning;
mod using;
mod waiting;
mod wrong;
