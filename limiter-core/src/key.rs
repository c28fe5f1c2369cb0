//! What a counter belongs to.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use bytemuck::cast_slice;

use crate::error::{Error, Result};

/// The most bytes a key's space may have.
pub const MAX_SPACE_BYTES: usize = 64;
/// The most bytes a key's subject or partition may have.
pub const MAX_SUBJECT_BYTES: usize = 512;

/// What is limited and for whom: a *space* (`chat`, `login`), a *subject* (a user's id, an address), and
/// where a call over several keys must be atomic in a cluster, a *partition* that the keys share.
///
/// All three are part of the identity: `/chat` and `/login` never share a counter. The space may be shown in
/// metrics, headers and answers. The subject is the caller's own: neither `Debug` nor any error shows it.
///
/// A key of up to [`Key::INLINE_BYTES`] bytes in all is built without allocating.
///
/// ```
/// use limiter_core::Key;
///
/// let key = Key::new("chat", "user-17")?;
/// assert_eq!((key.space(), key.subject()), ("chat", "user-17"));
/// assert_eq!(Key::all("streams")?.subject(), "");
/// assert!(!format!("{key:?}").contains("user-17"));
/// # Ok::<(), limiter_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Key {
    text: Text,
    bytes: u16,
    subject_bytes: u16,
    space_bytes: u8,
}

/// Space, subject and partition, one after the other, filled up with zeros to whole words, so that they can be
/// hashed by the word.
#[derive(Clone)]
enum Text {
    Inline([u64; Key::INLINE_BYTES / 8]),
    Heap(Box<[u64]>),
}

impl Key {
    /// How many bytes of space, subject and partition together need no allocation.
    pub const INLINE_BYTES: usize = 48;

    /// A key of a space (1 to 64 of `A-Z a-z 0-9 _ . -`) and a subject (any UTF-8, 0 to 512 bytes).
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) when one of them is out of its bounds.
    #[inline]
    pub fn new(space: &str, subject: &str) -> Result<Self> {
        check_space(space)?;
        check_length("key subject", subject, 0)?;
        Ok(Self::join(space, subject, ""))
    }

    /// The key for all callers together: an empty subject.
    ///
    /// # Errors
    /// As [`Key::new`].
    pub fn all(space: &str) -> Result<Self> {
        Self::new(space, "")
    }

    /// The same key within a partition (any UTF-8, 1 to 512 bytes), which becomes part of it. On a clustered
    /// store, keys of one partition live together, so that a call over them is atomic.
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) when the partition is empty or too long.
    pub fn with_partition(&self, partition: &str) -> Result<Self> {
        check_length("key partition", partition, 1)?;
        Ok(Self::join(self.space(), self.subject(), partition))
    }

    /// What is limited. Safe to show.
    pub fn space(&self) -> &str {
        self.text(0..usize::from(self.space_bytes))
    }

    /// Whose use is counted; empty for all together. Not for logs, metrics or other callers' eyes.
    pub fn subject(&self) -> &str {
        self.text(usize::from(self.space_bytes)..self.partition_at())
    }

    /// The partition, where one is named. As private as the subject.
    pub fn partition(&self) -> Option<&str> {
        Some(self.text(self.partition_at()..usize::from(self.bytes)))
            .filter(|partition| !partition.is_empty())
    }

    /// Space, subject and partition joined, and where the first two end: together they tell keys apart.
    #[inline]
    pub fn parts(&self) -> (&[u8], u8, u16) {
        (self.as_bytes(), self.space_bytes, self.subject_bytes)
    }

    /// The bytes of [`Key::parts`] as little-endian words, the last one filled up with zeros.
    #[inline]
    pub fn words(&self) -> impl Iterator<Item = u64> {
        self.text.words()[..usize::from(self.bytes).div_ceil(8)].iter().copied().map(u64::from_le)
    }

    fn partition_at(&self) -> usize {
        usize::from(self.space_bytes) + usize::from(self.subject_bytes)
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        &cast_slice(self.text.words())[..usize::from(self.bytes)]
    }

    /// A part of it as text. All came in as text and is cut only between its parts, so reading it so can't fail.
    fn text(&self, part: Range<usize>) -> &str {
        str::from_utf8(&self.as_bytes()[part]).unwrap_or_default()
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the callers have checked all lengths")]
    fn join(space: &str, subject: &str, partition: &str) -> Self {
        let bytes = space.len() + subject.len() + partition.len();
        Self {
            text: Text::join([space, subject, partition], bytes),
            bytes: bytes as u16,
            subject_bytes: subject.len() as u16,
            space_bytes: space.len() as u8,
        }
    }
}

impl Text {
    #[inline]
    fn join(parts: [&str; 3], bytes: usize) -> Self {
        if bytes <= Key::INLINE_BYTES {
            let mut words = [0; Key::INLINE_BYTES / 8];
            fill(&mut words, parts);
            return Self::Inline(words);
        }
        let mut words = vec![0; bytes.div_ceil(8)];
        fill(&mut words, parts);
        Self::Heap(words.into())
    }

    #[inline]
    fn words(&self) -> &[u64] {
        match self {
            Self::Inline(words) => words,
            Self::Heap(words) => words,
        }
    }
}

/// Writes the parts one after the other, word by word: they are about to be hashed by the word, and what was written
/// in smaller pieces would have to be waited for.
#[inline]
fn fill(words: &mut [u64], parts: [&str; 3]) {
    let mut filled = 0;
    for part in parts {
        for piece in part.as_bytes().chunks(8) {
            let (place, shift) = (filled / 8, filled % 8 * 8);
            let word = word_of(piece);
            words[place] |= (word << shift).to_le();
            if shift + piece.len() * 8 > 64 {
                words[place + 1] = (word >> (64 - shift)).to_le();
            }
            filled += piece.len();
        }
    }
}

/// Up to eight bytes as a little-endian word.
#[inline]
fn word_of(piece: &[u8]) -> u64 {
    let four = |at: usize| piece[at..].first_chunk().map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)));
    match piece.len() {
        8 => piece.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)),
        // The two halves overlap where there are fewer than eight.
        length @ 4..8 => four(0) | four(length - 4) << ((length - 4) * 8),
        _ => piece.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

impl PartialEq for Key {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Key {}

/// By space, then subject, then partition.
impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_name = self.space().cmp(other.space()).then_with(|| self.subject().cmp(other.subject()));
        by_name.then_with(|| self.partition().cmp(&other.partition()))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?}, subject of {} bytes", self.space(), self.subject_bytes)?;
        if let Some(partition) = self.partition() {
            write!(f, ", partition of {} bytes", partition.len())?;
        }
        f.write_str(")")
    }
}

/// Which bytes a space may have: looked up, since a key is built for every request.
const IN_SPACE: [bool; 256] = {
    let mut allowed = [false; 256];
    let text = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    let mut index = 0;
    while index < text.len() {
        allowed[text[index] as usize] = true;
        index += 1;
    }
    allowed
};

#[inline]
fn check_space(space: &str) -> Result<()> {
    let in_space = |byte: u8| IN_SPACE[usize::from(byte)];
    if (1..=MAX_SPACE_BYTES).contains(&space.len()) && space.bytes().all(in_space) {
        return Ok(());
    }
    Err(wrong_space(space))
}

#[cold]
fn wrong_space(space: &str) -> Error {
    let shown: String = space.chars().take(MAX_SPACE_BYTES + 1).collect();
    Error::invalid("key space", format_args!("{shown:?}"), "1 to 64 of A-Z a-z 0-9 _ . -")
}

#[inline]
fn check_length(field: &str, text: &str, least: usize) -> Result<()> {
    if (least..=MAX_SUBJECT_BYTES).contains(&text.len()) {
        return Ok(());
    }
    Err(wrong_length(field, text, least))
}

#[cold]
fn wrong_length(field: &str, text: &str, least: usize) -> Error {
    let accepted = format!("{least} to {MAX_SUBJECT_BYTES} bytes of UTF-8");
    Error::invalid(field, format_args!("{} bytes long", text.len()), &accepted)
}
