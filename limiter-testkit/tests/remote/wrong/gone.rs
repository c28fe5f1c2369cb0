//! A store that leaves it to the client to let go of leases, also when the client is gone.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{Acquisition, Backend, HeldLease, Key, Lease, LeaseRequest, Result, SlotLimiter};
use limiter_testkit::Model;

use super::caught;

/// One connection. When it ends without releasing what was taken over it, that never runs out.
#[derive(Debug)]
struct HeldByTheConnection {
    model: Arc<Model>,
    taken: Mutex<Vec<Lease>>,
}

impl Drop for HeldByTheConnection {
    fn drop(&mut self) {
        let (model, taken) = (self.model.clone(), std::mem::take(&mut *self.taken.lock().unwrap()));
        let month = Duration::from_secs(30 * 86_400);
        let for_good = |lease: Lease| Lease::new(lease.id().clone(), lease.keys(), month).unwrap();
        let taken: Vec<_> = taken.into_iter().map(for_good).collect();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { model.renew(&taken).await });
        }
    }
}

#[async_trait]
impl SlotLimiter for HeldByTheConnection {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let acquisition = self.model.acquire(request).await?;
        if acquisition.is_acquired() {
            self.taken.lock().unwrap().push(request.lease());
        }
        Ok(acquisition)
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.model.renew(leases).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.model.release(leases).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.model.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.model.leases(key).await
    }
}

#[test]
fn leases_of_the_killed_kept() {
    let cases = ["shared::killed_holders_give_their_slots_back"];
    caught("wrong::gone::leases_of_the_killed_kept", &cases, |clock| {
        let model = Arc::new(Model::new(clock));
        Box::new(move || {
            let held = HeldByTheConnection { model: model.clone(), taken: Mutex::default() };
            Backend::new("model", model.clone()).with_slots(Arc::new(held))
        })
    });
}
