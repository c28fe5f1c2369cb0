//! How a proxy fails.

use std::time::Duration;

/// The most that is carried at once, in bytes.
pub(super) const CHUNK_BYTES: usize = 16 * 1024;
/// How often in a second a throttled connection carries something.
const THROTTLED_CHUNKS: u32 = 20;

/// What a [`Proxy`](super::Proxy) does with its connections.
///
/// A *request* is what the client sends, a *reply* what the server sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Carries everything both ways.
    #[default]
    Forward,
    /// Carries requests and swallows replies: the server executes what the client never learns of. The connection
    /// stays open. Once a reply was swallowed it stays silent for good, in every other mode too: what came after would
    /// be taken for the answer to something else.
    DropReplies,
    /// As [`Mode::DropReplies`], and the connection ends (FIN) as soon as the reply has come.
    DropRepliesAndCut,
    /// Accepts connections and carries nothing: requests aren't read, and no connection to the server is opened. It
    /// goes on where it stopped when the mode changes.
    Stall,
    /// Waits that long before each chunk that it carries, either way.
    Delay(Duration),
    /// Carries so many bytes in a second, each way; 0 is taken as 1.
    Throttle {
        /// Bytes in a second.
        bytes_per_second: u32,
    },
    /// Ends the connection (FIN) after so many more bytes of replies; 0 ends it at once.
    Cut {
        /// Bytes that the client still gets.
        after_bytes: u64,
    },
    /// Resets the connection (RST) after so many more bytes of replies; 0 resets it at once.
    Reset {
        /// Bytes that the client still gets.
        after_bytes: u64,
    },
    /// Refuses new connections; open ones carry everything. The port stays reserved.
    Refuse,
    /// As a server that is gone: refuses new connections and resets the open ones.
    Down,
}

/// How a connection ends before its two sides are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With a FIN.
    Cut,
    /// With an RST.
    Reset,
}

impl Mode {
    /// Whether new connections are refused.
    pub(super) const fn refuses(self) -> bool {
        matches!(self, Self::Refuse | Self::Down)
    }

    /// How the connection ends after so many bytes of replies, and after how many.
    pub(super) const fn ends(self) -> Option<(End, u64)> {
        match self {
            Self::Cut { after_bytes } => Some((End::Cut, after_bytes)),
            Self::Reset { after_bytes } => Some((End::Reset, after_bytes)),
            Self::Down => Some((End::Reset, 0)),
            _ => None,
        }
    }

    /// Whether replies are swallowed.
    pub(super) const fn swallows(self) -> bool {
        matches!(self, Self::DropReplies | Self::DropRepliesAndCut)
    }

    /// The most that is carried at once, in bytes.
    pub(super) fn chunk_bytes(self) -> usize {
        match self {
            Self::Throttle { bytes_per_second } => usize::try_from(bytes_per_second / THROTTLED_CHUNKS)
                .map_or(CHUNK_BYTES, |bytes| bytes.clamp(1, CHUNK_BYTES)),
            _ => CHUNK_BYTES,
        }
    }

    /// How long a chunk of so many bytes is held back.
    pub(super) fn wait(self, bytes: usize) -> Duration {
        match self {
            Self::Delay(wait) => wait,
            Self::Throttle { bytes_per_second } => {
                let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
                Duration::from_secs_f64(f64::from(bytes) / f64::from(bytes_per_second.max(1)))
            }
            _ => Duration::ZERO,
        }
    }
}
