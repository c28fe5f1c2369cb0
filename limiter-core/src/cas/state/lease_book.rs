//! The leases of one key.

use super::bytes::Reader;
use super::held;
use super::layout::State;
use crate::algorithm::LeaseBook;

impl State for LeaseBook {
    const FIRST: u8 = 0x12;
    const WHAT: &'static str = "leases";

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn idle_at_ms(&self) -> u64 {
        self.held.last_expiry_ms().unwrap_or(0)
    }

    fn drop_ended(&mut self, ended_ms: u64) {
        self.drop_expired(ended_ms);
    }

    fn write(&self, to: &mut Vec<u8>) {
        held::write(&self.held, to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let held = held::read(from)?;
        let counted = held.all().all(|(_, held)| held.units > 0);
        counted.then_some(Self { held })
    }
}
