//! Numbers and texts as bytes.

use crate::exact::EXACT;

/// Writes numbers.
pub(super) fn put(to: &mut Vec<u8>, numbers: impl IntoIterator<Item = u64>) {
    numbers.into_iter().for_each(|number| to.extend(number.to_le_bytes()));
}

/// Writes how many entries follow. Four thousand million would be a hundred gigabytes.
pub(super) fn put_count(to: &mut Vec<u8>, count: usize) {
    to.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

/// Writes an id, which has at most 64 bytes.
pub(super) fn put_id(to: &mut Vec<u8>, id: &str) {
    to.push(u8::try_from(id.len()).unwrap_or(u8::MAX));
    to.extend(id.as_bytes());
}

/// Reads what was written. `None`: that isn't it.
pub(in crate::cas) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub(super) fn short(&mut self) -> Option<i16> {
        self.array().map(i16::from_le_bytes)
    }

    /// A number within the range in which all are exact.
    pub(super) fn exact(&mut self) -> Option<u64> {
        self.number().filter(|number| *number <= EXACT)
    }

    pub(super) fn count(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// The text of an id.
    pub(super) fn id(&mut self) -> Option<&'a str> {
        let length = usize::from(self.byte()?);
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        str::from_utf8(text).ok()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*array)
    }
}
