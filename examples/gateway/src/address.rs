//! The client's address: that of the socket, or the one which trusted proxies saw.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The proxies whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Addresses and networks, separated by commas: `10.0.0.0/8, 2001:db8::1`. `None` when one isn't readable.
    pub fn parse(text: &str) -> Option<Self> {
        text.split(',').map(|part| network(part.trim())).collect::<Option<_>>().map(Self)
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The client's address, from the socket's peer and every `X-Forwarded-For` line in order.
///
/// The lines are one list, to which each proxy has added whom it saw. So it is walked from the right, past
/// trusted proxies, to the first that isn't one: whatever stands further left was written by somebody whom nobody
/// trusts. An entry that can't be read ends the walk at the proxy that passed it on.
pub fn client(peer: IpAddr, forwarded: &[&[u8]], trusted: &TrustedProxies) -> IpAddr {
    let mut client = peer.to_canonical();
    let entries = forwarded.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
    for entry in entries {
        if !trusted.contains(client) {
            break;
        }
        match readable(entry) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// What is counted for an address: all of an IPv4 address, the first half of an IPv6 one, because a single
/// customer holds the second half.
pub fn subject(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// An entry is an address, which some proxies write with a port.
fn readable(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim();
    let bare = entry.parse::<IpAddr>().ok();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    bare.or_else(with_port).or_else(bracketed).map(|address| address.to_canonical())
}

fn network(text: &str) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical().into());
    }
    match text.parse().ok()? {
        IpNet::V6(network) => Some(unmapped(network)),
        network @ IpNet::V4(_) => Some(network),
    }
}

/// A network of IPv4-mapped addresses is a network of IPv4 addresses.
fn unmapped(network: Ipv6Net) -> IpNet {
    let v4 = network.network().to_ipv4_mapped().zip(network.prefix_len().checked_sub(96));
    v4.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()).map_or(IpNet::V6(network), IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client_of(peer: &str, lines: &[&str], trusted: &str) -> String {
        let trusted = if trusted.is_empty() {
            TrustedProxies::default()
        } else {
            TrustedProxies::parse(trusted).unwrap()
        };
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        client(peer.parse().unwrap(), &lines, &trusted).to_string()
    }

    #[test]
    fn what_an_untrusted_peer_writes_is_ignored() {
        assert_eq!(client_of("203.0.113.7", &["198.51.100.1"], ""), "203.0.113.7");
        assert_eq!(client_of("203.0.113.7", &["198.51.100.1"], "10.0.0.0/8"), "203.0.113.7");
    }

    #[test]
    fn the_walk_ends_at_the_first_that_is_not_trusted() {
        let cases: [(&[&str], &str); 8] = [
            (&["203.0.113.7"], "203.0.113.7"),
            (&["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            (&["198.51.100.1, 203.0.113.7, 10.9.9.9"], "203.0.113.7"),
            (&["198.51.100.1", "203.0.113.7", "10.9.9.9"], "203.0.113.7"),
            (&["203.0.113.7,10.1.1.1", "10.2.2.2"], "203.0.113.7"),
            (&["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
            (&["203.0.113.7:4711"], "203.0.113.7"),
            (&["[2001:db8::7]:4711, ::ffff:10.1.1.1"], "2001:db8::7"),
        ];
        for (lines, expected) in cases {
            assert_eq!(client_of("10.0.0.1", lines, "10.0.0.0/8"), expected, "{lines:?}");
        }
    }

    #[test]
    fn an_unreadable_entry_ends_the_walk_at_whoever_passed_it_on() {
        let cases: [&[&str]; 6] = [
            &["203.0.113.7, unknown"],
            &["203.0.113.7, "],
            &[""],
            &["203.0.113.7", "_hidden"],
            &["203.0.113.7, 1.2.3.4.5"],
            &["203.0.113.7, fe80::1%eth0"],
        ];
        for lines in cases {
            assert_eq!(client_of("10.0.0.1", lines, "10.0.0.0/8"), "10.0.0.1", "{lines:?}");
        }
        assert_eq!(client_of("10.0.0.1", &["junk, 10.5.5.5"], "10.0.0.0/8"), "10.5.5.5");
        assert_eq!(client_of("10.0.0.1", &[], "10.0.0.0/8"), "10.0.0.1");
    }

    #[test]
    fn mapped_addresses_are_ipv4_on_every_side() {
        assert_eq!(client_of("::ffff:10.0.0.1", &["203.0.113.7"], "10.0.0.1"), "203.0.113.7");
        assert_eq!(client_of("10.0.0.1", &["::ffff:203.0.113.7"], "::ffff:10.0.0.0/104"), "203.0.113.7");
        assert_eq!(client_of("10.0.0.1", &["203.0.113.7"], "::ffff:10.0.0.1"), "203.0.113.7");
    }

    #[test]
    fn ipv6_counts_by_its_first_half() {
        let subject_of = |text: &str| subject(text.parse().unwrap());
        assert_eq!(subject_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(subject_of("2001:db8:1:2:ffff::1"), "2001:db8:1:2::/64");
        assert_eq!(subject_of("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(subject_of("203.0.113.7"), "203.0.113.7");
    }

    #[test]
    fn lists_of_proxies_are_read_whole_or_not_at_all() {
        assert!(TrustedProxies::parse("10.0.0.0/8, 192.0.2.1,2001:db8::/32").is_some());
        for wrong in ["", "10.0.0.0/8,", "10.0.0.0/33", "localhost", "*"] {
            assert_eq!(TrustedProxies::parse(wrong), None, "{wrong:?}");
        }
    }
}
