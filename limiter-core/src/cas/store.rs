//! What a store has to do that only compares and swaps.

use std::fmt;
use std::future::poll_fn;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::task::Poll;

use async_trait::async_trait;

use crate::error::Result;

/// What a [`CasStore::load`] found.
#[derive(Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The store's clock, in milliseconds since the Unix epoch, at most 2^53 − 1.
    pub now_ms: u64,
    /// What each name holds, in the order of the names; `None` for nothing.
    pub values: Vec<Option<Vec<u8>>>,
}

/// One write of a [`CasStore::commit`]: the name must still hold `before`, and then holds `after`.
#[derive(Clone, PartialEq, Eq)]
pub struct CasWrite {
    /// Where: up to 1200 bytes, compared byte by byte.
    pub name: Vec<u8>,
    /// What the name must hold; `None`: nothing.
    pub before: Option<Vec<u8>>,
    /// What it holds then; `None`: nothing. Equal to `before` where it is only to be checked.
    pub after: Option<Vec<u8>>,
    /// From when on the store may drop `after`, by its own clock, in milliseconds since the Unix epoch. Dropping it
    /// later, or never, is right too; dropping it sooner lets callers in whom a limit keeps out.
    pub expires_ms: u64,
}

/// A store that loads values and swaps them, and knows nothing of limits: all that
/// [`CasBackend`](crate::CasBackend) needs.
///
/// # Behavior
/// Names and values are bytes; what they mean is the backend's own. A name holds one value or nothing. A value that was
/// dropped, because its time to expire had come, is nothing to [`load`](Self::load) and [`commit`](Self::commit)
/// alike. In one call a name stands once. Writes stand in ascending order of their names: a store that locks in that order
/// knows no deadlocks.
///
/// The clock is the store's own. Where several processes share it, it alone tells the time. It may step back.
///
/// # Errors
/// [`Unavailable`](crate::ErrorKind::Unavailable) and [`Timeout`](crate::ErrorKind::Timeout) when the store can't be
/// reached, [`Capacity`](crate::ErrorKind::Capacity) when it is full, [`Protocol`](crate::ErrorKind::Protocol) when its
/// reply is no answer. A commit that may have been executed although it failed says so with
/// [`possibly_charged`](crate::Error::possibly_charged); it is never sent again. No error shows a name, which holds the
/// caller's subject.
///
/// # Cancellation
/// A dropped future leaves its commit done or not done as a whole.
#[async_trait]
pub trait CasStore: fmt::Debug + Send + Sync + 'static {
    /// The values of some names, all as of one moment, and the clock of that moment.
    ///
    /// # Behavior
    /// What was committed before is seen, whoever did it. A store that can't [`commit several`](Self::commits_several)
    /// is asked for one name at a time.
    ///
    /// # Errors
    /// See the trait.
    async fn load(&self, names: &[Vec<u8>]) -> Result<Loaded>;

    /// Makes all the writes in one step, or none of them.
    ///
    /// # Behavior
    /// `true`: every name held what its write says, byte for byte, and all are written. `false`: one didn't, so another
    /// was faster; nothing was written. Writes that are only to be checked count like the others.
    ///
    /// # Errors
    /// See the trait.
    async fn commit(&self, writes: &[CasWrite]) -> Result<bool>;

    /// Whether a commit can make several writes in one step. If not, calls over several keys are
    /// [`Unsupported`](crate::ErrorKind::Unsupported). It never changes.
    fn commits_several(&self) -> bool {
        true
    }

    /// Waits a little before a call is tried again, since another was faster; `attempt` counts from 1.
    ///
    /// # Behavior
    /// This one lets other tasks run, and no more, for core knows no timer: at random once or up to twice as often as
    /// after the attempt before. A store that has a timer sleeps: for about as long as a load and a commit take, longer
    /// the more attempts there were, and at random, so that those who met once don't meet again.
    async fn pause(&self, attempt: u32) {
        let mut turns = 1 + random() % (1 << attempt.min(LONGEST_PAUSE));
        poll_fn(|cx| {
            if turns == 0 {
                return Poll::Ready(());
            }
            turns -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// No pause gives up its turn more often than this power of two says.
const LONGEST_PAUSE: u32 = 8;

/// A number that differs from one call to the next: good enough to keep callers apart.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Names hold subjects, so neither they nor the values are shown.
impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<_> = self.values.iter().map(|value| length(value.as_deref())).collect();
        f.debug_struct("Loaded").field("now_ms", &self.now_ms).field("values", &values).finish()
    }
}

impl fmt::Debug for CasWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CasWrite")
            .field("name", &length(Some(&self.name)))
            .field("before", &length(self.before.as_deref()))
            .field("after", &length(self.after.as_deref()))
            .field("expires_ms", &self.expires_ms)
            .finish()
    }
}

fn length(bytes: Option<&[u8]>) -> String {
    bytes.map_or_else(|| "nothing".to_owned(), |bytes| format!("{} bytes", bytes.len()))
}
