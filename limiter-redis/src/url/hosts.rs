//! Hosts and ports.

use limiter_remote::url::{Fault, Parts, host, port};

use crate::target::Address;

/// The port of a server that names none.
pub(super) const PORT: u16 = 6379;
/// The port of a sentinel that names none.
pub(super) const SENTINEL_PORT: u16 = 26379;

const HOST: &str = "a name of A-Z a-z 0-9 _ . -, an IPv4 address, or an IPv6 address in brackets";
const PORTS: &str = "1 to 65535";

/// Reads one or several `host[:port]`, separated by commas.
pub(super) fn read(parts: &Parts<'_>, default_port: u16) -> Result<Vec<Address>, Fault> {
    let several = parts.hosts.contains(',');
    let numbered = parts.hosts.split(',').zip(1_usize..);
    numbered
        .map(|(text, number)| {
            let which = if several { format!("host {number}") } else { "the host".to_owned() };
            one(text, default_port).map_err(|wrong| wrong.fault(&which).shown_if(parts.login.is_some()))
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
    let (host, behind) = host(text).filter(|(host, _)| !host.is_empty()).ok_or(Wrong::Host(text))?;
    let port = match behind.strip_prefix(':') {
        Some(port) => self::port(port).ok_or(Wrong::Port(port))?,
        None if behind.is_empty() => default_port,
        None => return Err(Wrong::Host(text)),
    };
    Ok(Address { host, port })
}
