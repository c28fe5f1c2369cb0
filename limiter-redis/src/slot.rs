//! Slots: keys and arguments in, answers out.

mod acquire;
mod batch;
mod keys;
mod listing;

use limiter_core::{Acquisition, HeldLease, Key, Lease, LeaseRequest, Result};
use limiter_remote::UnderWay;
use redis::Value;

use self::acquire::Acquire;
use self::batch::Verb;
use self::keys::keys_of;
use crate::reply::{amount, numbers, unexpected};
use crate::script::{Script, script};
use crate::store::{Store, Words};
use crate::task::to_its_end;

static IN_USE: Script = script!("in_use");
static LEASES: Script = script!("leases");

/// Slots in a store.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    store: Store,
    under_way: UnderWay,
}

impl Slots {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, under_way: UnderWay::default() }
    }

    pub(crate) async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let acquire = Acquire::new(&self.store, request);
        let parts = acquire.parts();
        if parts.len() == 1 {
            acquire.run(parts).await
        } else {
            let mark = self.under_way.begin(request.id());
            let acquire = async move {
                let _mark = mark;
                acquire.run(parts).await
            };
            to_its_end("acquire", self.store.connection.response_timeout(), acquire).await
        }
    }

    pub(crate) async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        batch::run(&self.store, Verb::Renew, leases).await
    }

    pub(crate) async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        if self.under_way.holds_any(leases) {
            // Else a part that is granted later would stay.
            let (this, leases) = (self.clone(), leases.to_vec());
            let release = async move {
                this.under_way.until_none(&leases).await;
                batch::run(&this.store, Verb::Release, &leases).await
            };
            return to_its_end("release", self.store.connection.response_timeout(), release).await;
        }
        batch::run(&self.store, Verb::Release, leases).await
    }

    pub(crate) async fn in_use(&self, key: &Key) -> Result<u64> {
        let reply = self.ask(&IN_USE, "in_use", key).await?;
        in_use(&reply).map_err(|error| error.with_operation("in_use"))
    }

    pub(crate) async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        let reply = self.ask(&LEASES, "leases", key).await?;
        listing::leases(reply).map_err(|error| error.with_operation("leases"))
    }

    async fn ask(&self, script: &'static Script, operation: &'static str, key: &Key) -> Result<Value> {
        let keys = keys_of(&self.store.names.slots(key));
        self.store.run(script, (operation, false), &keys, Words { numbers: &[], word: "" }).await
    }
}

fn in_use(reply: &Value) -> Result<u64> {
    match numbers(reply)?.as_slice() {
        [permits] => amount(*permits),
        _ => Err(unexpected("isn't one number")),
    }
}

#[cfg(test)]
mod tests {
    use limiter_core::ErrorKind;

    use super::*;

    fn packed(numbers: &[f64]) -> Value {
        Value::BulkString(numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
    }

    #[test]
    fn permits_are_one_number() {
        assert_eq!(in_use(&packed(&[7.0])).unwrap(), 7);
        for wrong in
            [packed(&[]), packed(&[1.0, 2.0]), packed(&[-1.0]), packed(&[0.5]), Value::Int(1), Value::Nil]
        {
            assert_eq!(in_use(&wrong).unwrap_err().kind(), ErrorKind::Protocol, "{wrong:?}");
        }
    }
}
