//! Percent-encoding.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::fault::Fault;

/// What is encoded: everything but what RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The text that was meant. The error shows nothing of it.
///
/// # Errors
/// What can't be decoded, by the name of the part.
pub fn decode(text: &str, part: &str) -> Result<String, Fault> {
    let is_code =
        |after: &str| after.as_bytes().get(..2).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit));
    if !text.split('%').skip(1).all(is_code) {
        let accepted = "a % with two hexadecimal digits behind it (a % itself is %25)";
        return Err(Fault::new(format!("{part} holds a % that encodes nothing"), accepted));
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| Fault::new(format!("{part} isn't UTF-8"), "UTF-8, percent-encoded"))
}

/// The text as it stands in any part of a URL.
pub fn encode(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, ENCODED)
}
