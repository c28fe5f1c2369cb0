//! Host, port, and the folder of a socket.

use std::path::PathBuf;

use limiter_remote::url::{Fault, host, port};

use super::percent::decode;
use crate::target::Place;

/// The port of a server that names none.
pub(super) const PORT: u16 = 5432;

const HOST: &str = "a name of A-Z a-z 0-9 _ . -, an IPv4 address, an IPv6 address in brackets, or none and the folder of a \
                    socket: ?host=/run/postgresql";
const PORTS: &str = "1 to 65535";
/// How a folder begins where it stands in the host's place.
const ENCODED_SLASH: [&str; 2] = ["%2F", "%2f"];

/// Reads `[host][:port]`.
pub(super) fn read(text: &str) -> Result<(Option<Place>, Option<u16>), Fault> {
    if text.contains(',') {
        let what = format!("it names {} hosts", text.split(',').count());
        return Err(Fault::new(what, "one (a name or a proxy that leads to the primary)"));
    }
    let (place, behind) = place_before_port(text)?;
    match behind.strip_prefix(':') {
        Some("") => Err(Fault::new("the port is empty", PORTS)),
        Some(port) => self::port(port)
            .map(|port| (place, Some(port)))
            .ok_or_else(|| Fault::held("the port", port, PORTS)),
        None if behind.is_empty() => Ok((place, None)),
        None => Err(Fault::held("the host", text, HOST)),
    }
}

/// The one place, of what stands before the path and what a parameter says.
pub(super) fn place(before_path: Option<Place>, socket: Option<PathBuf>) -> Result<Place, Fault> {
    match (before_path, socket) {
        (Some(place), None) => Ok(place),
        (None, Some(folder)) => Ok(Place::Socket(folder)),
        (None, None) => Err(Fault::new("the host is empty", HOST)),
        (Some(_), Some(_)) => {
            Err(Fault::new("there is a host before the path, and the parameter host", "one of the two"))
        }
    }
}

fn place_before_port(text: &str) -> Result<(Option<Place>, &str), Fault> {
    if ENCODED_SLASH.iter().any(|slash| text.starts_with(slash)) {
        let (folder, behind) = text.split_at(text.find(':').unwrap_or(text.len()));
        return Ok((Some(Place::Socket(decode(folder, "the host")?.into())), behind));
    }
    let (host, behind) = host(text).ok_or_else(|| Fault::held("the host", text, HOST))?;
    Ok(((!host.is_empty()).then_some(Place::Host(host)), behind))
}
