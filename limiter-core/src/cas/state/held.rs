//! Units held under ids until a time.

use super::bytes::{Reader, put, put_count, put_id};
use crate::algorithm::Holdings;
use crate::exact::EXACT;
use crate::id::{LeaseId, ReservationId};

/// An id as text.
pub(super) trait Id: Clone + Eq + std::hash::Hash + Ord {
    fn text(&self) -> &str;
    fn parse(text: &str) -> Option<Self>;
}

impl Id for LeaseId {
    fn text(&self) -> &str {
        self.as_str()
    }

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl Id for ReservationId {
    fn text(&self) -> &str {
        self.as_str()
    }

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

/// Writes all that is held, run out or not, in the order of expiry and id.
pub(super) fn write<I: Id>(held: &Holdings<I>, to: &mut Vec<u8>) {
    put_count(to, held.len());
    for (id, held) in held.all() {
        put(to, [held.expires_ms, held.units]);
        put_id(to, id.text());
    }
}

/// Reads it. `None` also where together more is held than can be counted, or an id stands twice.
pub(super) fn read<I: Id>(from: &mut Reader<'_>) -> Option<Holdings<I>> {
    let count = from.count()?;
    let (mut held, mut total, mut last) = (Holdings::default(), 0, None);
    for _ in 0..count {
        let (expires_ms, units) = (from.exact()?, from.exact()?);
        let entry = (expires_ms, I::parse(from.id()?)?);
        if last.as_ref() >= Some(&entry) || held.contains(&entry.1) || units > EXACT - total {
            return None;
        }
        total += units;
        held.put(&entry.1, units, expires_ms);
        last = Some(entry);
    }
    Some(held)
}
