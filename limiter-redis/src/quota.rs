//! Quotas: keys and arguments in, outcomes out.

mod line;
mod reserve;
mod settle;
mod told;

use limiter_core::{
    Key, Quota, QuotaCharge, QuotaOutcome, Reservation, Reserved, Result, Settlement, check_amount,
};

use self::line::{Line, keys_of};
use self::reserve::Reserve;
use crate::reply::count;
use crate::script::{Script, script};
use crate::store::{Store, Words};

static CHECK: Script = script!("check");
static RECORD: Script = script!("record");
static RESET: Script = script!("reset");

/// Quotas in a store.
#[derive(Clone, Debug)]
pub(crate) struct Quotas {
    store: Store,
}

impl Quotas {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    pub(crate) async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let line = Line::new(&self.store.names, &QuotaCharge::new(key.clone(), *quota, 0));
        self.ask(&CHECK, ("check", false), &line).await
    }

    pub(crate) async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        check_amount("amount", amount).map_err(|error| error.with_operation("record"))?;
        let line = Line::new(&self.store.names, &QuotaCharge::new(key.clone(), *quota, amount));
        self.ask(&RECORD, ("record", amount > 0), &line).await
    }

    pub(crate) async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        Reserve::new(&self.store, reservation).run().await
    }

    pub(crate) async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        settle::run(&self.store, settlement).await
    }

    pub(crate) async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        let keys = keys_of(&self.store.names.quota(key, quota));
        let reply = self.store.run(&RESET, ("reset", true), &keys, Words { numbers: &[], word: "" }).await?;
        count(&reply, keys.len()).map_err(|error| error.with_operation("reset").possibly_charged())
    }

    /// One call about one counter.
    async fn ask(
        &self,
        script: &'static Script,
        (operation, changes): (&'static str, bool),
        line: &Line,
    ) -> Result<QuotaOutcome> {
        let words = Words { numbers: &line.numbers(), word: "" };
        let reply = self.store.run(script, (operation, changes), &line.keys(), words).await?;
        told::outcome(&reply, line.max(), changes).map_err(|error| {
            let error = error.with_operation(operation);
            if changes { error.possibly_charged() } else { error }
        })
    }
}
