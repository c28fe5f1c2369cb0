//! Limits and quotas that the compiler reads.

use super::fault::{Fault, THE_END};
use super::limit::whole_limit;
use super::quota::whole_quota;
use crate::limit::Limit;
use crate::quota::Quota;

/// A [`Limit`](crate::Limit) from text, checked by the compiler: a wrong text doesn't compile, and the message
/// says at which byte, why, and what is accepted.
///
/// ```
/// use limiter_core::{Limit, limit};
///
/// const LOGIN: Limit = limit!("5/min counting denied");
/// assert!(LOGIN.counts_denied());
/// assert_eq!(limit!("bucket 10/s burst 20").capacity(), 20);
/// ```
///
/// An unknown unit:
/// ```compile_fail,E0080
/// let limit = limiter_core::limit!("5/mim");
/// ```
/// A bucket that holds nothing:
/// ```compile_fail,E0080
/// let limit = limiter_core::limit!("bucket 10/s burst 0");
/// ```
/// A text that the compiler doesn't know; [`str::parse`] reads it at run time:
/// ```compile_fail
/// let text = std::env::args().next().unwrap_or_default();
/// let limit = limiter_core::limit!(&text);
/// ```
#[macro_export]
macro_rules! limit {
    ($text:expr $(,)?) => {{
        // An item, not a const block: `cargo check` evaluates it too.
        const __LIMIT_OF_TEXT: $crate::Limit = $crate::checked::limit($text);
        __LIMIT_OF_TEXT
    }};
}

/// A [`Quota`](crate::Quota) from text, checked by the compiler: a wrong text doesn't compile, and the message
/// says at which byte, why, and what is accepted.
///
/// ```
/// use limiter_core::{Period, Quota, quota};
///
/// const TRAFFIC: Quota = quota!("50 GiB/day at +05:30");
/// assert_eq!(TRAFFIC.max(), 50 << 30);
/// assert_eq!(TRAFFIC.utc_offset_minutes(), 330);
/// assert_eq!(quota!("1_000_000 per month").period(), Period::Month);
/// ```
///
/// Minutes are no calendar period:
/// ```compile_fail,E0080
/// let quota = limiter_core::quota!("50 GiB/min");
/// ```
/// Bits or bytes?
/// ```compile_fail,E0080
/// let quota = limiter_core::quota!("50 Gib/day");
/// ```
#[macro_export]
macro_rules! quota {
    ($text:expr $(,)?) => {{
        // An item, not a const block: `cargo check` evaluates it too.
        const __QUOTA_OF_TEXT: $crate::Quota = $crate::checked::quota($text);
        __QUOTA_OF_TEXT
    }};
}

/// What [`limit!`](crate::limit!) expands to.
///
/// # Panics
/// When the text is no limit: within a constant, which doesn't compile then.
pub const fn limit(text: &str) -> Limit {
    match whole_limit(text) {
        Ok(limit) => limit,
        Err(fault) => refuse(text, fault),
    }
}

/// What [`quota!`](crate::quota!) expands to.
///
/// # Panics
/// When the text is no quota: within a constant, which doesn't compile then.
pub const fn quota(text: &str) -> Quota {
    match whole_quota(text) {
        Ok(quota) => quota,
        Err(fault) => refuse(text, fault),
    }
}

#[expect(clippy::panic, reason = "within a constant a panic is the compiler's error message")]
const fn refuse(text: &str, fault: Fault) -> ! {
    let mut message = Message::EMPTY;
    message.push("\"");
    message.push(text);
    message.push("\" at byte ");
    message.push_number(fault.token.start);
    message.push(": ");
    message.push(fault.problem);
    message.push(" ");
    if fault.token.is_empty() {
        message.push(THE_END);
    } else {
        message.push("\"");
        message.push_bytes(text.as_bytes().split_at(fault.token.end).0.split_at(fault.token.start).1);
        message.push("\"");
    }
    message.push("; accepted: ");
    message.push(fault.accepted);
    match std::str::from_utf8(message.bytes.split_at(message.len).0) {
        Ok(message) => panic!("{}", message),
        Err(_) => panic!("{}", fault.problem),
    }
}

/// Text put together without an allocator. What is too long for it is cut.
struct Message {
    bytes: [u8; Self::CAPACITY],
    len: usize,
}

impl Message {
    const CAPACITY: usize = 1024;
    const EMPTY: Self = Self { bytes: [0; Self::CAPACITY], len: 0 };

    const fn push(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    const fn push_bytes(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() && self.len < Self::CAPACITY {
            self.bytes[self.len] = bytes[at];
            self.len += 1;
            at += 1;
        }
    }

    const fn push_number(&mut self, number: usize) {
        if number >= 10 {
            self.push_number(number / 10);
        }
        self.push_bytes(&[b"0123456789"[number % 10]]);
    }
}
