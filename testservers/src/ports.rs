//! Ports that nobody listens on.
//!
//! They are drawn below those that systems give to outgoing connections: who keeps trying to reach a server that is
//! down must not get its port, by connecting to itself, before the server is back.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

use crate::unavailable::Unavailable;

/// A cluster's nodes also listen 10 000 ports higher, which has to stay below 32 768.
const DRAWN: Range<u16> = 10_000..22_700;
/// How far above its port a cluster's node talks with the others.
const BUS: u16 = 10_000;
const DRAWS: usize = 1_000;

/// A port that is free now, as is the one that a cluster's node uses besides. Somebody else may be faster in taking
/// them.
pub(crate) fn free() -> Result<u16, Unavailable> {
    draw(|port| is_free(port) && is_free(port + BUS))
}

fn draw(fits: impl Fn(u16) -> bool) -> Result<u16, Unavailable> {
    let random = || RandomState::new().hash_one(0_u8) % u64::from(DRAWN.end - DRAWN.start);
    let mut ports = (0..DRAWS).map(|_| DRAWN.start + u16::try_from(random()).unwrap_or_default());
    let fitting = ports.find(|port| fits(*port));
    fitting.ok_or_else(|| Unavailable::new(format!("none of {DRAWS} ports in {DRAWN:?} was free")))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_not_free() {
        let port = free().unwrap();
        let bus = TcpListener::bind((Ipv4Addr::LOCALHOST, port + BUS)).unwrap();
        assert!(is_free(port) && !is_free(port + BUS));
        drop(bus);
        assert!(draw(|_| false).is_err());
    }

    #[test]
    fn ports_are_drawn_from_the_whole_range() {
        let ports: Vec<u16> = (0..200).map(|_| draw(|_| true).unwrap()).collect();
        assert!(ports.iter().all(|port| DRAWN.contains(port)));
        assert!(ports.iter().min().unwrap() + 8_000 < *ports.iter().max().unwrap());
    }
}
