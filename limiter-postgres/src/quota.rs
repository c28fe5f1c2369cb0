//! Quotas: names and arguments in, outcomes out.

mod columns;
mod told;

use limiter_core::{
    Error, ErrorKind, Key, Quota, QuotaCharge, QuotaOutcome, Reservation, ReservationId, Reserved, Result,
    Settlement, check_amount,
};

use self::columns::Columns;
use self::told::{Answer, Conflict, answer, checked, recorded, settled};
use crate::call::{Argument, Call};
use crate::key::period;
use crate::store::Store;

/// Quotas in a store.
#[derive(Clone, Debug)]
pub(crate) struct Quotas {
    store: Store,
    durable: bool,
}

impl Quotas {
    /// Quotas whose changes are on disk before they are answered, or soon after.
    pub(crate) const fn new(store: Store, durable: bool) -> Self {
        Self { store, durable }
    }

    pub(crate) async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let call = self.of_one(Call::new("check", "check", false), key, quota);
        let rows = self.store.read(call.with(Argument::number(quota.max()))).await?;
        checked(&rows, quota.max()).map_err(|error| error.with_operation("check"))
    }

    pub(crate) async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        check_amount("amount", amount).map_err(|error| error.with_operation("record"))?;
        let call = self.of_one(Call::new("record", "record", amount > 0), key, quota);
        let call = call.with(Argument::number(quota.max())).with(Argument::number(amount));
        let rows = self.store.change(self.durable, &[self.store.names.quota(key, quota)], call).await?;
        recorded(&rows, quota.max()).map_err(|error| unread(error, "record", amount > 0))
    }

    pub(crate) async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        let charges = reservation.charges();
        let columns = Columns::of(&self.store.names, charges);
        let call = columns.call(Call::new("reserve", "reserve", true), reservation.id());
        let call = call.with(Argument::number(reservation.ttl_ms()));
        let rows = self.store.change(self.durable, &columns.rows, call).await?;
        let told = answer(&rows, charges).map_err(|error| unread(error, "reserve", true))?;
        match told {
            Answer::Granted(outcomes) => Ok(Reserved::Granted(outcomes)),
            Answer::Refused(outcomes) => Ok(Reserved::Refused(outcomes)),
            Answer::Conflict(place, conflict) => {
                Err(refused(reservation.id(), &charges[place], conflict).with_operation("reserve"))
            }
        }
    }

    pub(crate) async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let columns = Columns::of(&self.store.names, settlement.charges());
        let call = columns.call(Call::new("settle", "settle", true), settlement.id());
        let rows = self.store.change(self.durable, &columns.rows, call).await?;
        settled(&rows, settlement.charges()).map_err(|error| unread(error, "settle", true))
    }

    pub(crate) async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        let call = self.of_one(Call::new("reset_quota", "reset", true), key, quota);
        self.store.change(self.durable, &[self.store.names.quota(key, quota)], call).await.map(drop)
    }

    /// A call about one counter.
    fn of_one(&self, call: Call, key: &Key, quota: &Quota) -> Call {
        let offset = Argument::Number(Some(quota.utc_offset_minutes().into()));
        let call = call.with(Argument::Key(self.store.names.key(key)));
        call.with(Argument::number(period(quota).into())).with(offset)
    }
}

/// Why nothing was set aside.
fn refused(id: &ReservationId, charge: &QuotaCharge, conflict: Conflict) -> Error {
    let message = match conflict {
        Conflict::Holds(units) => {
            format!("reservation {id} holds {units}, asked for again with {}", charge.amount())
        }
        Conflict::Settled => format!("reservation {id} was settled less than ten minutes ago"),
    };
    Error::new(ErrorKind::Conflict, message)
}

/// An answer that couldn't be read came all the same: the call was executed.
fn unread(error: Error, operation: &'static str, changes: bool) -> Error {
    let error = error.with_operation(operation);
    if changes { error.possibly_charged() } else { error }
}
