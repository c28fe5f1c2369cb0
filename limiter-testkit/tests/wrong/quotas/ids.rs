//! Faults about the ids of reservations.

use async_trait::async_trait;
use limiter_core::{
    Error, ErrorKind, QuotaOutcome, QuotaTracker, Reservation, ReservationId, Reserved, Result, Settlement,
};

use super::ledger::{Ledger, Noted};
use super::wrong::{Fault, Right, lone, with_fault};
use crate::judge::caught_by;

/// Writes an id down in a way that two may share.
#[derive(Debug)]
struct IdsWritten(fn(&str) -> String);

#[async_trait]
impl Fault for IdsWritten {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let id = ReservationId::parse(&self.0(reservation.id().as_str()))?;
        right.model.reserve(&reservation.clone().with_id(id)).await
    }

    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let id = ReservationId::parse(&self.0(settlement.id().as_str()))?;
        right.model.settle(&Settlement::new(id, settlement.charges())?).await
    }
}

#[test]
fn ids_folded_or_cut() {
    let ways: [fn(&str) -> String; 4] = [
        str::to_lowercase,
        |id| format!("{id:.63}"),
        |id| id.replace('_', "-"),
        |id| id.parse().map_or(id.to_owned(), |number: u128| number.to_string()),
    ];
    for way in ways {
        caught_by("quotas::ids_that_look_alike_hold_apart", || with_fault(IdsWritten(way)));
    }
}

/// Keeps one record of an id for all counters: another counter's is in conflict.
#[derive(Debug, Default)]
struct OneRecord(Ledger);

#[async_trait]
impl Fault for OneRecord {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let other = |known: &Noted| {
            lone(reservation)
                .is_some_and(|charge| known.charges.iter().all(|known| known.key() != charge.key()))
        };
        if self.0.get(reservation.id()).is_some_and(|known| other(&known)) {
            let message = "the id is in use elsewhere";
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        self.0.note(reservation, right.now_ms());
        right.model.reserve(reservation).await
    }
}

#[test]
fn one_record_of_an_id() {
    caught_by("quotas::an_id_is_known_to_each_counter_by_itself", || with_fault(OneRecord::default()));
}
