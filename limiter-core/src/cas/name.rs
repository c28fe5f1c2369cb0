//! Where a key's states stand in a store.

use crate::key::Key;

/// What of a key: its counters of rates, its leases, or its counters of quotas. All counters of one kind stand in one
/// value, so that a call over several limits of one key is one swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Part {
    Rates = b'r',
    Slots = b's',
    Quotas = b'q',
}

/// The name of a part of a key: at most 1092 bytes. Different keys and parts have different names: what stands in front
/// has a fixed length and says where the key's parts end.
pub(super) fn name(part: Part, key: &Key) -> Vec<u8> {
    let (text, space_bytes, subject_bytes) = key.parts();
    let mut name = Vec::with_capacity(4 + text.len());
    name.extend([part as u8, space_bytes]);
    name.extend(subject_bytes.to_be_bytes());
    name.extend(text);
    name
}
