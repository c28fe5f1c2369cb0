//! The clock of a store that has none of its own.

use std::time::SystemTime;

use limiter_factory::Clock;

/// The system's clock as it stands: all processes of a machine see the same, to the millisecond. That it may step back
/// is what counters guard themselves against.
#[derive(Debug)]
pub(crate) struct MachineClock;

impl Clock for MachineClock {
    fn now_ms(&self) -> u64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }
}
