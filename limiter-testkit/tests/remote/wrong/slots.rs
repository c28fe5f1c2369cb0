//! Leases that are read, decided on and written back in two steps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use limiter_core::algorithm::{self, LeaseBook};
use limiter_core::{
    Acquisition, Backend, Clock, HeldLease, Key, Lease, LeaseRequest, ManualClock, Result, SlotLimiter,
};
use limiter_testkit::Model;

use super::{caught, think};

/// Grants by a copy of the leases, and writes that back; all else is done at once.
#[derive(Debug)]
struct ReadThenWritten {
    clock: ManualClock,
    books: Mutex<HashMap<Key, LeaseBook>>,
}

impl ReadThenWritten {
    fn read(&self, keys: &[Key]) -> Vec<LeaseBook> {
        let books = self.books.lock().unwrap();
        keys.iter().map(|key| books.get(key).cloned().unwrap_or_default()).collect()
    }

    fn write(&self, keys: &[Key], books: Vec<LeaseBook>) {
        self.books.lock().unwrap().extend(keys.iter().cloned().zip(books));
    }

    fn each(&self, leases: &[Lease], act: impl Fn(&mut [LeaseBook], &Lease) -> bool) -> Vec<bool> {
        let one = |lease: &Lease| {
            let mut books = self.read(lease.keys());
            let live = act(&mut books, lease);
            self.write(lease.keys(), books);
            live
        };
        leases.iter().map(one).collect()
    }
}

#[async_trait]
impl SlotLimiter for ReadThenWritten {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let lease = request.lease();
        let mut books = self.read(lease.keys());
        think().await;
        let acquisition = algorithm::acquire(&mut books, request, self.clock.now_ms())?;
        if acquisition.is_acquired() {
            self.write(lease.keys(), books);
        }
        Ok(acquisition)
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let now_ms = self.clock.now_ms();
        Ok(self.each(leases, |books, lease| algorithm::renew(books, lease.id(), lease.ttl_ms(), now_ms)))
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let now_ms = self.clock.now_ms();
        Ok(self.each(leases, |books, lease| algorithm::release(books, lease.id(), now_ms)))
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        Ok(self.read(std::slice::from_ref(key))[0].in_use(self.clock.now_ms()))
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        Ok(self.read(std::slice::from_ref(key))[0].leases(self.clock.now_ms()))
    }
}

#[test]
fn leases_read_then_written() {
    let cases = ["shared::several_processes_get_exactly_the_slots_there_are"];
    caught("wrong::slots::leases_read_then_written", &cases, |clock| {
        let model = Backend::new("model", Arc::new(Model::new(clock.clone())));
        let store = model.with_slots(Arc::new(ReadThenWritten { clock, books: Mutex::default() }));
        Box::new(move || store.clone())
    });
}
