//! A state and its bytes.

use super::bytes::Reader;
use crate::error::{Error, ErrorKind, Result};
use crate::exact::CLOCK_TOLERANCE_MS;

/// What a name holds. `Default` is what it holds when it holds nothing.
pub(in crate::cas) trait State: Default {
    /// A value's first byte: the layout's version in its upper half, the kind in its lower one.
    const FIRST: u8;
    /// What it is, in words.
    const WHAT: &'static str;

    /// Whether there is nothing to be kept.
    fn is_empty(&self) -> bool;

    /// From when on it is as if never used.
    fn idle_at_ms(&self) -> u64;

    /// Removes what has been as if never used since before a time.
    fn drop_ended(&mut self, ended_ms: u64);

    /// Writes everything that follows the first byte.
    fn write(&self, to: &mut Vec<u8>);

    /// Reads everything that follows the first byte; `None` where that isn't a state, or not its one spelling.
    fn read(from: &mut Reader<'_>) -> Option<Self>;
}

/// A value of more bytes is rid of counters that have ended, whenever it is written. Shorter ones keep them, so that a
/// clock which goes far back, as that of a trace may, finds what was there.
const LONG: usize = 16 * 1024;

/// A state as the bytes of a value, and when it may be dropped.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cas) struct Stored {
    /// `None` for a state with nothing to be kept.
    pub(in crate::cas) value: Option<Vec<u8>>,
    pub(in crate::cas) expires_ms: u64,
}

impl Stored {
    /// The state that a name holds.
    ///
    /// # Errors
    /// `Protocol` for bytes that aren't a state of this kind.
    pub(in crate::cas) fn read<S: State>(value: Option<&[u8]>) -> Result<S> {
        match value {
            None => Ok(S::default()),
            Some(bytes) => read(bytes).ok_or_else(|| unreadable::<S>(bytes)),
        }
    }

    /// What a name is to hold for a state that stood at `before`.
    pub(in crate::cas) fn write<S: State>(mut state: S, before: Option<&[u8]>, clock_ms: u64) -> Self {
        let mut value = bytes_of(&state);
        let changed = value.as_deref() != before;
        if changed && value.as_ref().is_some_and(|bytes| bytes.len() > LONG) {
            state.drop_ended(clock_ms.saturating_sub(CLOCK_TOLERANCE_MS));
            value = bytes_of(&state);
        }
        Self { value, expires_ms: state.idle_at_ms().saturating_add(CLOCK_TOLERANCE_MS) }
    }
}

fn bytes_of<S: State>(state: &S) -> Option<Vec<u8>> {
    if state.is_empty() {
        return None;
    }
    let mut bytes = vec![S::FIRST];
    state.write(&mut bytes);
    Some(bytes)
}

fn read<S: State>(bytes: &[u8]) -> Option<S> {
    let mut reader = Reader::new(bytes);
    if reader.byte()? != S::FIRST {
        return None;
    }
    let state = S::read(&mut reader)?;
    (reader.is_at_end() && !state.is_empty()).then_some(state)
}

fn unreadable<S: State>(bytes: &[u8]) -> Error {
    let first = bytes.first().map_or_else(|| "none".to_owned(), |first| format!("{first:#04x}"));
    let message = format!(
        "a value of {} bytes with the first byte {first} isn't {} of a layout that this release reads ({:#04x})",
        bytes.len(),
        S::WHAT,
        S::FIRST,
    );
    Error::new(ErrorKind::Protocol, message)
}
