//! Host, port, and the folder of a socket.

use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;

use super::fault::Fault;
use super::percent::decode;
use crate::target::Place;

/// The port of a server that names none.
pub(super) const PORT: u16 = 5432;

const LONGEST_NAME: usize = 253;
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
        Some(port) => {
            number(port).map(|port| (place, Some(port))).ok_or_else(|| Fault::held("the port", port, PORTS))
        }
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

/// A host, be it none, and what stands behind it.
fn host(text: &str) -> Option<(String, &str)> {
    let (host, behind) =
        if let Some((inner, behind)) = text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            (inner.parse::<Ipv6Addr>().ok()?.to_string(), behind)
        } else {
            let (name, behind) = text.split_at(text.find(':').unwrap_or(text.len()));
            // Several colons: an IPv6 address without brackets.
            let is_host = is_name(name) && behind.matches(':').count() <= 1;
            (is_host.then(|| name.to_owned())?, behind)
        };
    (!is_wildcard(&host)).then_some((host, behind))
}

fn is_name(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    host.len() <= LONGEST_NAME && host.bytes().all(allowed)
}

/// An address to listen on, which nobody can connect to.
fn is_wildcard(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified())
}

fn number(port: &str) -> Option<u16> {
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|port| digits && *port > 0)
}
