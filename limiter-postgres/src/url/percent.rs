//! Percent-encoding, where the server has rules of its own.

use limiter_remote::url::{self, Fault};

/// The server cuts off what is longer.
const LONGEST_NAME: usize = 63;

/// The text that was meant. The error shows nothing of it.
pub(super) fn decode(text: &str, part: &str) -> Result<String, Fault> {
    let decoded = url::decode(text, part)?;
    if decoded.contains('\0') {
        return Err(Fault::new(format!("{part} holds a NUL (%00)"), "none"));
    }
    Ok(decoded)
}

/// The same of a name on the server.
pub(super) fn decode_name(text: &str, part: &str) -> Result<String, Fault> {
    let name = decode(text, part)?;
    if name.len() > LONGEST_NAME {
        let accepted = format!("1 to {LONGEST_NAME} bytes");
        return Err(Fault::new(format!("{part} has {} bytes", name.len()), &accepted));
    }
    Ok(name)
}
