//! Slots: keys and arguments in, answers out.

mod acquire;
mod batch;
mod listing;

use limiter_core::{Acquisition, HeldLease, Key, Lease, LeaseRequest, Result};
use limiter_remote::UnderWay;
use sqlx::postgres::PgRow;

use self::batch::Verb;
use crate::call::{Argument, Call};
use crate::reply::{amount_in, unexpected};
use crate::store::Store;
use crate::task::to_its_end;

/// Slots in a store.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    store: Store,
    durable: bool,
    under_way: UnderWay,
}

impl Slots {
    pub(crate) fn new(store: Store, durable: bool) -> Self {
        Self { store, durable, under_way: UnderWay::default() }
    }

    /// Goes on when its caller gives up; a release of the same lease waits for its end.
    pub(crate) async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let mark = self.under_way.begin(request.id());
        let (store, durable, request) = (self.store.clone(), self.durable, request.clone());
        let acquire = async move {
            let _mark = mark;
            acquire::run(&store, durable, &request).await
        };
        to_its_end("acquire", self.store.response_timeout, acquire).await
    }

    pub(crate) async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        batch::run(&self.store, self.durable, Verb::Renew, leases).await
    }

    pub(crate) async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        if self.under_way.holds_any(leases) {
            // Else one that is granted later would stay.
            let (this, leases) = (self.clone(), leases.to_vec());
            let release = async move {
                this.under_way.until_none(&leases).await;
                batch::run(&this.store, this.durable, Verb::Release, &leases).await
            };
            return to_its_end("release", self.store.response_timeout, release).await;
        }
        batch::run(&self.store, self.durable, Verb::Release, leases).await
    }

    pub(crate) async fn in_use(&self, key: &Key) -> Result<u64> {
        let rows = self.ask("in_use", key).await?;
        in_use(&rows).map_err(|error| error.with_operation("in_use"))
    }

    pub(crate) async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        let rows = self.ask("leases", key).await?;
        listing::leases(&rows).map_err(|error| error.with_operation("leases"))
    }

    async fn ask(&self, function: &'static str, key: &Key) -> Result<Vec<PgRow>> {
        let key = Argument::Key(self.store.names.key(key));
        self.store.read(Call::new(function, function, false).with(key)).await
    }
}

fn in_use(rows: &[PgRow]) -> Result<u64> {
    match rows {
        [row] => amount_in(row, "permits"),
        _ => Err(unexpected("isn't one row")),
    }
}
