//! Hosts and ports.

use std::net::{IpAddr, Ipv6Addr};

use super::fault::Fault;
use super::split::Parts;
use crate::target::Address;

/// The port of a server that names none.
pub(super) const PORT: u16 = 6379;
/// The port of a sentinel that names none.
pub(super) const SENTINEL_PORT: u16 = 26379;

const LONGEST_NAME: usize = 253;
const HOST: &str = "a name of A-Z a-z 0-9 _ . -, an IPv4 address, or an IPv6 address in brackets";
const PORTS: &str = "1 to 65535";

/// Reads one or several `host[:port]`, separated by commas.
pub(super) fn read(parts: &Parts<'_>, default_port: u16) -> Result<Vec<Address>, Fault> {
    let several = parts.hosts.contains(',');
    let numbered = parts.hosts.split(',').zip(1_usize..);
    numbered
        .map(|(text, number)| {
            let which = if several { format!("host {number}") } else { "the host".to_owned() };
            one(text, default_port).map_err(|wrong| wrong.fault(&which).shown_if(parts.has_login()))
        })
        .collect()
}

/// The one address of a kind of store that has one.
pub(super) fn only(addresses: Vec<Address>) -> Result<Address, Fault> {
    match <[Address; 1]>::try_from(addresses) {
        Ok([address]) => Ok(address),
        Err(addresses) => {
            let what = format!("it names {} hosts", addresses.len());
            Err(Fault::new(what, "one; several with redis+cluster:// or redis+sentinel://"))
        }
    }
}

/// Which half of an address is wrong, and what it holds.
enum Wrong<'a> {
    Host(&'a str),
    Port(&'a str),
}

impl Wrong<'_> {
    fn fault(self, which: &str) -> Fault {
        let (part, held, accepted) = match self {
            Self::Host(held) => (which.to_owned(), held, HOST),
            Self::Port(held) => (format!("the port of {which}"), held, PORTS),
        };
        match held {
            "" => Fault::new(format!("{part} is empty"), accepted),
            held => Fault::held(&part, held, accepted),
        }
    }
}

fn one(text: &str, default_port: u16) -> Result<Address, Wrong<'_>> {
    let (host, behind) = host(text).ok_or(Wrong::Host(text))?;
    let port = match behind.strip_prefix(':') {
        Some(port) => number(port).ok_or(Wrong::Port(port))?,
        None if behind.is_empty() => default_port,
        None => return Err(Wrong::Host(text)),
    };
    Ok(Address { host, port })
}

/// A host, and what stands behind it.
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
    (1..=LONGEST_NAME).contains(&host.len()) && host.bytes().all(allowed)
}

/// An address to listen on, which nobody can connect to.
fn is_wildcard(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified())
}

fn number(port: &str) -> Option<u16> {
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|port| digits && *port > 0)
}
